"""How far the other candidates' probabilities are from the recommended one's, where they speak the same tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from potstill.models import LocalModel, Teacher
from potstill.models.comparison import MEASURES, Reader, compare
from potstill.models.tokenizers import tokenizer_facts
from potstill.text.chat import render
from potstill.types import Prompt


def divergences(reference: Teacher, others: Sequence[Teacher], prompts: Sequence[Prompt], texts: Sequence[str]) -> Mapping[str, float]:
    """KL(reference || other), nats a token over the whole vocabulary, on the reference's own answers.

    Args:
        reference: the recommended candidate.
        others: those that run here and have its tokenizer are compared, the rest is left out.
        prompts: what was asked.
        texts: the reference's answers.

    Returns:
        name -> mean over all tokens; empty where the reference gives no network.
    """
    if not isinstance(reference, LocalModel):
        return {}
    own = tokenizer_facts(reference.tokenizer)["tokenizer"]
    alike = [one for one in others if isinstance(one, LocalModel) and tokenizer_facts(one.tokenizer)["tokenizer"] == own]
    rows = [render(reference.tokenizer, prompt, text if prompt.messages else None) for prompt, text in zip(prompts, texts, strict=True)]
    fitting = [row for row in rows if len(row.input_ids) > row.loss_from]
    if not alike or not fitting:
        return {}
    column = MEASURES.index("kl_forward")
    gaps = compare(Reader(reference.head, fitting), [Reader(one.head, fitting) for one in alike])
    return {one.name: float(np.concatenate(mine)[:, column].mean()) for one, mine in zip(alike, gaps, strict=True)}
