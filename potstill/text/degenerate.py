"""Answers that say nothing: empty, or going round in a loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise

from potstill.types import Trace

LENGTH = 4
"""Units of the n-grams looked at; no answer shorter than this is a loop."""
TIMES = 3
"""An n-gram that stands fewer times is no loop."""
COUNTED = 9
"""From so many times on it is one even where each round says something new, as a count does; worked answers have fewer such steps."""
COVERED = 0.5
"""Share of the answer that the repeated n-gram must cover."""


def degenerate(answer: Trace) -> bool:
    """Whether an answer is empty, or goes round in a loop, as `loops`.

    It goes by the answer's tokens; where the model gave none, by its words.
    """
    if not answer.text.strip():
        return True
    return loops(answer.token_ids or answer.text.split())


def loops(units: Sequence[Hashable]) -> bool:
    """Whether one 4-gram stands at least `TIMES` times and covers `COVERED` of the sequence, or all units are the same.

    A single unit repeated is such a 4-gram, too, from six units on. A worked answer may say the same of each of several things; so up to
    `COUNTED` times it is a loop only where half of the rounds, from one time to the next, are no new ones.
    """
    if len(units) < LENGTH:
        return False
    if len(set(units)) == 1:
        return True
    grams = [tuple(units[i : i + LENGTH]) for i in range(len(units) - LENGTH + 1)]
    gram, times = Counter(grams).most_common(1)[0]
    if times < TIMES:
        return False
    places = [i for i, found in enumerate(grams) if found == gram]
    covered = {place + offset for place in places for offset in range(LENGTH)}
    return len(covered) >= COVERED * len(units) and (times >= COUNTED or _goes_round(units, places))


def _goes_round(units: Sequence[Hashable], places: Sequence[int]) -> bool:
    """Whether at least half of what stands from one place to the next stood before."""
    rounds = [tuple(units[start:end]) for start, end in pairwise(places)]
    return 2 * len(set(rounds)) <= len(rounds)
