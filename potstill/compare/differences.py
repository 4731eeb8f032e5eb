"""How far two candidates are apart, on the same prompts, with an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

from potstill.judges.shares import CONFIDENCE, NOTHING, Estimate, proportion
from potstill.text.answers import final_answer
from potstill.text.refusals import refused

Marks = Mapping[str, Sequence[float | None]]
"""Kind of prompt -> the marks of one candidate, prompt by prompt."""


def mean(marks: Sequence[float | None]) -> float | None:
    """Of those that could be judged; None when there are none."""
    judged = [one for one in marks if one is not None]
    return sum(judged) / len(judged) if judged else None


def share(marks: Sequence[float | None]) -> Estimate:
    """The mean of those that could be judged with its 95% interval, as `proportion`; no value when there are none."""
    judged = [one for one in marks if one is not None]
    return proportion(sum(judged), len(judged))


def merit(marks: Marks) -> float | None:
    """The mean over the kinds of prompt, each counting alike; None when there are none, or one could not be judged at all."""
    means = [mean(mine) for mine in marks.values()]
    told = [one for one in means if one is not None]
    return sum(told) / len(told) if told and len(told) == len(means) else None


def difference(first: Marks, second: Marks) -> Estimate:
    """The first's merit less the second's, over the prompts that were judged for both, with a 95% interval for pairs.

    Wald's interval after half an observation is added to each of the four outcomes of a pair (Agresti and Min 2005, Statistics in
    Medicine 24:729), kind by kind: with differences d of n prompts the mean is sum d / (n + 2), and its variance
    ((sum d^2 + 1) / (n + 2) - mean^2) / (n + 2). It has a width where all prompts agree, too.
    """
    value = centre = variance = 0.0
    for kind in first:
        d = [a - b for a, b in zip(first[kind], second[kind], strict=True) if a is not None and b is not None]
        if not d:
            return NOTHING
        n = len(d) + 2
        shrunk = sum(d) / n
        value += sum(d) / len(d) / len(first)
        centre += shrunk / len(first)
        variance += ((sum(x * x for x in d) + 1) / n - shrunk * shrunk) / n / len(first) ** 2
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * math.sqrt(variance)
    return Estimate(value, max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half)))


def agreement(first: Sequence[str], second: Sequence[str]) -> float | None:
    """The share of prompts on which both decline, or come to the same final answer; None without prompts."""
    same = [_outcome(a) == _outcome(b) for a, b in zip(first, second, strict=True)]
    return sum(same) / len(same) if same else None


def _outcome(text: str) -> str | None:
    """The final answer, or the text where none is marked; None when it declines."""
    if refused(text):
        return None
    return " ".join((final_answer(text) or text).casefold().split()).rstrip(".")
