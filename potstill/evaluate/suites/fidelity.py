"""Fidelity: how far the student's probabilities are from the teacher's, token by token, on the teacher's own text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from potstill.errors import CapabilityError
from potstill.evaluate.engine import Engine
from potstill.evaluate.probabilities import COMPARED, Gaps
from potstill.evaluate.suites.base import ALL, NOT_MEASURED, Better, gap_mean
from potstill.registry import part
from potstill.types import Finding, Prompt

SUITE = "fidelity"
COLUMNS = {"kl_teacher_student": "kl_forward", "kl_student_teacher": "kl_reverse", "jsd": "jsd", "top1_agreement": "agreement"}
"""Name of a finding -> column of the gaps."""
UNITS = {name: "share" if name == "top1_agreement" else "nats/token" for name in COLUMNS}
BY = "over the whole vocabulary"
STARTS = (0, 8, 16, 32, 64)
"""The first positions of the buckets; the last is open."""


@part("suite", "fidelity", needs=("full",))
class Fidelity:
    """KL both ways, Jensen-Shannon divergence and top-1 agreement a token, by position; on the teacher's answers and on plain texts."""

    measures: ClassVar[Mapping[str, Better | None]] = {
        "kl_teacher_student": "lower",
        "kl_student_teacher": "lower",
        "jsd": "lower",
        "top1_agreement": "higher",
    }

    def lack(self, prompts: Sequence[Prompt]) -> str:
        """Why nothing can be measured on these prompts; empty when something can."""
        return "" if prompts else "there are no evaluation prompts"

    def measure(self, engine: Engine) -> list[Finding]:
        """The findings of student and base; without a value when their tokens are not the teacher's."""
        blanks = [Finding(SUITE, name, subject, ALL, None, unit=UNITS[name], by=BY) for subject in COMPARED for name in COLUMNS]
        try:
            gaps = joined([engine.answer_gaps, engine.text_gaps])
        except CapabilityError as error:
            return [replace(blank, by=f"{NOT_MEASURED}{error}") for blank in blanks]
        return [
            gap_mean(replace(blank, group=group), gaps, inside, COLUMNS[blank.name], engine.seed)
            for blank in blanks
            for group, inside in buckets(gaps.position)
        ]


def joined(several: Sequence[Gaps]) -> Gaps:
    """The gaps of different sets of prompts as one."""
    offsets = np.cumsum([0, *(gaps.prompt.max(initial=-1) + 1 for gaps in several)])
    return Gaps(
        np.concatenate([gaps.prompt + offset for gaps, offset in zip(several, offsets, strict=False)]).astype(np.int32),
        np.concatenate([gaps.position for gaps in several]),
        {who: np.concatenate([gaps.values[who] for gaps in several]) for who in COMPARED},
    )


def buckets(position: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The name of each group and which tokens are in it: all, then by position; buckets without a token are left out."""
    yield ALL, np.ones(len(position), bool)
    for start, after in zip(STARTS, [*STARTS[1:], None], strict=True):
        inside = (position >= start) & (position < after if after else True)
        if inside.any():
            yield f"{start}-{after - 1}" if after else f"{start}+", inside
