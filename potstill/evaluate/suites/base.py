"""What every suite is, and the counting that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
from jaxtyping import Bool

from potstill.evaluate.engine import Engine
from potstill.evaluate.probabilities import Gaps
from potstill.evaluate.statistics import cluster_mean
from potstill.judges.shares import Estimate
from potstill.models.comparison import MEASURES
from potstill.types import Finding, Prompt

Better = Literal["higher", "lower"]
ALL = "all"
"""The group of everything measured."""
NOT_MEASURED = "not measured: "
"""How `by` begins in a finding without a value."""


UNJUDGED = frozenset({"truncated", "degenerate"})
"""Measures of how an answer looks. They need no judge, and alone they say nothing of what a student can or does."""


class Suite(Protocol):
    """Measures something of every subject.

    Attributes:
        measures: name of each finding -> which way is better; None where neither is, and no limit can be set. Names are of one suite only.
    """

    measures: Mapping[str, Better | None]

    def lack(self, prompts: Sequence[Prompt]) -> str:
        """Why nothing can be measured on these prompts; empty when something can."""
        ...

    def measure(self, engine: Engine) -> list[Finding]:
        """The findings."""
        ...


def grouped(prompts: Sequence[Prompt], groups_of: Callable[[Prompt], Iterable[str]]) -> dict[str, list[int]]:
    """Group -> places of its prompts; `all` first, the others in the order met."""
    places: dict[str, list[int]] = {ALL: list(range(len(prompts)))}
    for i, prompt in enumerate(prompts):
        for group in groups_of(prompt):
            places.setdefault(group, []).append(i)
    return places


def filled(blank: Finding, estimate: Estimate, judged: int, asked: int, lack: str = "none could be judged") -> Finding:
    """The finding with its numbers.

    Args:
        blank: says what was measured, and by what.
        estimate: value and interval.
        judged: how many it rests on.
        asked: how many it could have rested on.
        lack: why there is no value, where there is none.
    """
    by = blank.by if estimate.value is not None else f"{NOT_MEASURED}{lack}"
    return replace(blank, value=estimate.value, low=estimate.low, high=estimate.high, n=judged, unjudged=asked - judged, by=by)


def share(blank: Finding, marks: Sequence[float | None], interval: Callable[[float, int], Estimate]) -> Finding:
    """The mean mark of those that could be judged, with its interval.

    Args:
        blank: says what was measured, and by what.
        marks: a number in [0, 1] a prompt; None where it could not be judged.
        interval: sum of the marks and their number -> the estimate.
    """
    judged = [mark for mark in marks if mark is not None]
    return filled(blank, interval(float(np.sum(judged)), len(judged)), len(judged), len(marks))


def gap_mean(blank: Finding, gaps: Gaps, inside: Bool[np.ndarray, " N"], measure: str, seed: int) -> Finding:
    """The mean of one measure over some tokens, with an interval over prompts.

    Args:
        blank: says what was measured; its subject is the one whose gaps are taken.
        gaps: of all tokens.
        inside: which of them count.
        measure: one of `MEASURES`.
        seed: of resampling.
    """
    values = gaps.values[blank.subject][inside, MEASURES.index(measure)]
    judged = ~np.isnan(values)
    prompts = gaps.prompt[inside][judged]
    sums, counts = (np.bincount(prompts, weights).astype(np.float64) for weights in (values[judged], None))
    estimate = cluster_mean(sums[counts > 0], counts[counts > 0], seed)
    return filled(blank, estimate, int(judged.sum()), len(values), "there are no tokens that both read")
