"""How far a frozen student is from the student as it was trained, on the student's own text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from potstill.models import LocalModel, Sampling
from potstill.models.comparison import MEASURES, Reader, compare
from potstill.models.scoring import Head
from potstill.text.chat import Rendered, render
from potstill.types import Finding, Prompt

PROMPTS = 64
"""Prompts that are looked at, spread over all."""
TOKENS = 48
"""Longest answer that is looked at."""


def drift(model: LocalModel, frozen: Mapping[str, Head], prompts: Sequence[Prompt]) -> list[Finding]:
    """KL(student || frozen) and top-1 agreement a token, for each of the frozen networks; no value when there is nothing to read."""
    rows = student_texts(model, prompts[:: -(-len(prompts) // PROMPTS)] if prompts else [])
    found = []
    for name, gaps in zip(frozen, compare(Reader(model.head, rows), [Reader(head, rows) for head in frozen.values()]), strict=True):
        values = np.concatenate([*gaps, np.zeros((0, len(MEASURES)), np.float32)])
        for measure, column, unit in (("drift_kl", "kl_forward", "nats/token"), ("drift_agreement", "agreement", "share")):
            mean = float(values[:, MEASURES.index(column)].mean(dtype=np.float64)) if len(values) else None
            by = "to the student as trained" if len(values) else "not measured: there are no prompts"
            found.append(Finding("export", measure, name, "all", mean, n=len(values), unit=unit, by=by))
    return found


def student_texts(model: LocalModel, prompts: Sequence[Prompt]) -> list[Rendered]:
    """The student's greedy answers to the prompts behind them, and the plain texts; what does not fit the student's context is left out."""
    room = float("inf") if model.context is None else model.context
    asked = [prompt for prompt in prompts if prompt.messages and len(render(model.tokenizer, prompt, None).input_ids) < room]
    answers = model.draw(asked, Sampling(temperature=0.0, max_new_tokens=TOKENS)) if asked else []
    rows = [render(model.tokenizer, prompt, drawn[0].token_ids) for prompt, drawn in zip(asked, answers, strict=True)]
    texts = [render(model.tokenizer, prompt, None) for prompt in prompts if not prompt.messages]
    return rows + [row for row in texts if 1 < len(row.input_ids) <= room]
