"""A run of a few made-up prompts, traces, scorings and verdicts, written through the store as the stages write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.recipe import parse
from potstill.store import Quiet, Run, from_rows
from potstill.types import Message, Prompt, Segment, TeacherCard, Trace, Usage, Verdict

RECIPE = 'name = "v"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "world:base"\n[prompts]\nsources = ["a.jsonl"]\n'
CARDS = (TeacherCard("hf:one", licence="MIT", terms="https://one.example", train_on_outputs="allowed"), TeacherCard("hf:two"))
PROMPTS = tuple(Prompt((Message("user", f"{i}?"),), "math", source=f"a.jsonl:{i}", licence="Apache-2.0") for i in range(5))


def traces(prompts: Sequence[Prompt], cards: Sequence[TeacherCard] = CARDS) -> list[list[Trace]]:
    """Two shards: two answers to each of some prompts, in an order of their own; the fourth prompt has none."""
    return [[_trace(prompts[i].id, card, f"{i} by {card.name}", i) for i in which for card in cards] for which in ((1, 0), (2, 4))]


def _trace(prompt_id: str, card: TeacherCard, text: str, i: int) -> Trace:
    segments = (Segment("answer", 0, len(text)),)
    return Trace(prompt_id, card.name, 0, text, segments, (7, i), teacher_id=card.id, usage=Usage(3, i))


def outlook(n: int) -> Outlook:
    """What was expected at n positions."""
    halves = np.full((n, 1), -0.5, np.float32)
    ones = np.ones(n, np.int32)
    return Outlook(halves[:, 0], ones, ones[:, None], halves, np.full(n, 0.4, np.float32))


def made(folder: Path, **changes: Any) -> Run:
    """The run.

    Args:
        folder: of the run.
        changes: `prompts`, `cards`; `judged=False`: not filtered; `parts`: prompt's place -> where its traces go, `keep` by default;
            `why`: it is so; `sources`: of the prompts; `mode`, `temperature`, `best_of`: of `[generate]`.
    """
    run = Run.open(parse(RECIPE), out=folder, log=Quiet())
    prompts, cards = changes.get("prompts", PROMPTS), changes.get("cards", CARDS)
    shards, why = traces(prompts, cards), changes.get("why", "because")
    parts = {prompts[i].id: part for i, part in changes.get("parts", {}).items()}

    def gather(w: Any) -> dict[str, int]:
        w.write_table("prompts", from_rows(prompts, Prompt))
        return {}

    def draw(w: Any) -> dict[str, int]:
        for number, shard in enumerate(shards):
            w.write_table("traces", from_rows(shard, Trace), number)
            w.write_table("scorings", to_table([Scoring(t.id, cards[0].id, "sampled", outlook(2)) for t in shard]), number)
        w.write_table("teachers", from_rows(cards, TeacherCard))
        return {}

    def judge(w: Any) -> dict[str, int]:
        found = [trace for shard in shards for trace in shard]
        part = [parts.get(trace.prompt_id, "keep") for trace in found]
        said = [Verdict(t.id, p, "b", why, None if p == "keep" else 1.0) for t, p in zip(found, part, strict=True)]
        first = [Verdict(trace.id, "keep", "a", "why not", 1.0) for trace in reversed(found)]
        w.write_table("verdicts", from_rows([*first, *said], Verdict))
        because = pa.array([[] if p == "keep" else [f"b: {why}"] for p in part], pa.list_(pa.string()))
        ids = {"trace_id": [t.id for t in found], "prompt_id": [t.prompt_id for t in found]}
        w.write_table("decisions", pa.table({**ids, "part": part, "because": because}))
        return {}

    section = {"prompts": {"sources": changes.get("sources", ["a.jsonl"])}}
    told = {name: changes.get(name, value) for name, value in {"mode": "draw", "temperature": 0.7, "best_of": None}.items()}
    drawing = {"generate": {**told, "n": 1}}
    first = run.perform("prompts", section=section, inputs={}, parts={}, work=gather)
    second = run.perform("generate", section=drawing, inputs={"prompts": first}, parts={}, work=draw)
    if changes.get("judged", True):
        run.perform("filter", section={}, inputs={"prompts": first, "generate": second}, parts={}, work=judge)
    return run
