"""Answers that say nothing: empty, or going round in a loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from potstill.types import Trace

LENGTH = 4
"""Units of the n-grams looked at; no answer shorter than this is a loop."""
TIMES = 3
"""An n-gram that stands fewer times is no loop."""
COVERED = 0.5
"""Share of the answer that the repeated n-gram must cover."""


def degenerate(answer: Trace) -> bool:
    """Whether an answer is empty, or one token or 4-gram is repeated over at least half of it.

    It goes by the answer's tokens; where the model gave none, by its words.
    """
    if not answer.text.strip():
        return True
    return loops(answer.token_ids or answer.text.split())


def loops(units: Sequence[Hashable]) -> bool:
    """Whether one 4-gram stands at least `TIMES` times and covers `COVERED` of the sequence, or all units are the same.

    A single unit repeated is such a 4-gram, too, from six units on.
    """
    if len(units) < LENGTH:
        return False
    if len(set(units)) == 1:
        return True
    grams = [tuple(units[i : i + LENGTH]) for i in range(len(units) - LENGTH + 1)]
    gram, times = Counter(grams).most_common(1)[0]
    covered = {i + offset for i, found in enumerate(grams) if found == gram for offset in range(LENGTH)}
    return times >= TIMES and len(covered) >= COVERED * len(units)
