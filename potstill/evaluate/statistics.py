"""Estimates with 95% intervals. The unit is the prompt: several numbers of one prompt are never taken for independent ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from potstill.judges.shares import CONFIDENCE, NOTHING, Estimate, proportion

RESAMPLES = 1000
_BLOCK = 4_000_000
"""Drawn rows that are alive at a time."""

Values = Float[np.ndarray, " _"]


def cluster_mean(sums: Values, counts: Values, seed: int = 0) -> Estimate:
    """The mean over all tokens, with a percentile interval of the bootstrap over prompts (as in `macro_ratio`).

    Args:
        sums: a prompt's sum over its tokens.
        counts: a prompt's number of tokens; prompts with none do not count.
        seed: of the resampling.
    """
    return macro_ratio([(sums, counts)], seed)


def macro_mean(strata: Sequence[Values], seed: int = 0) -> Estimate:
    """The mean of the strata's means (of skills), with a percentile interval; prompts are resampled within their stratum.

    Where no mark differs from another of its stratum there is nothing to resample: the interval is then that of proportions.

    Args:
        strata: marks between 0 and 1, one a prompt, for each stratum.
        seed: of the resampling.
    """
    filled = [values for values in strata if len(values)]
    if filled and not any(np.ptp(values) for values in filled):
        return _constant_mean(filled)
    return macro_ratio([(values, np.ones(len(values))) for values in filled], seed)


def _constant_mean(strata: Sequence[Values]) -> Estimate:
    """The mean of the strata's means where every stratum has one mark throughout; bounds are those of `proportion`.

    The k strata of one mark count as a single sample, of k times as many prompts as the smallest of them has. That is safe: with n_i
    prompts and a true rate p_i each, prod (1 - p_i)^n_i <= (1 - mean p)^(k min n).
    """
    sizes: dict[float, list[int]] = {}
    for values in strata:
        sizes.setdefault(float(values[0]), []).append(len(values))
    value = low = high = 0.0
    for mark, counts in sizes.items():
        n, weight = len(counts) * min(counts), len(counts) / len(strata)
        bounds = proportion(mark * n, n)
        value += weight * mark
        low += weight * (bounds.low or 0.0)
        high += weight * (bounds.high or 0.0)
    return Estimate(value, low, high)


def retention(strata: Sequence[tuple[Values, Values]], seed: int = 0) -> Estimate:
    """The student's marks over the teacher's, as `macro_ratio`, and bounds also where every prompt is marked alike for both.

    There is nothing to resample then, but the two could differ on other prompts. The share of prompts on which they do is bounded as in
    `macro_mean` (it was 0 of n); it is set against the teacher's accuracy: 1 - share / accuracy to 1 + share / accuracy.

    Args:
        strata: the student's and the teacher's marks between 0 and 1, one of each a prompt, for each stratum (skill).
        seed: of the resampling.
    """
    found = macro_ratio(strata, seed)
    if found.value is None or any(not np.array_equal(student, teacher) for student, teacher in strata):
        return found
    filled = [teacher for _, teacher in strata if len(teacher)]
    apart = _constant_mean([np.zeros(len(teacher)) for teacher in filled]).high or 0.0
    share = apart / float(np.mean([teacher.mean() for teacher in filled]))
    return Estimate(found.value, max(0.0, 1.0 - share), 1.0 + share)


def macro_ratio(strata: Sequence[tuple[Values, Values]], seed: int = 0) -> Estimate:
    """The sum over strata of mean numerators over that of mean denominators, with a percentile interval of the paired bootstrap.

    The interval runs from the 2.5th to the 97.5th percentile of the resampled ratios (Efron and Tibshirani 1993, chapter 13). A prompt's
    numerator and denominator are drawn together: what one prompt does to both is not counted as chance.

    Args:
        strata: numerators and denominators, one of each a prompt, for each stratum (skill). A single stratum gives sum over sum.
        seed: of the resampling.

    Returns:
        no value when the denominators sum to 0. Resamples in which they do are left out of the interval. No interval where all
        resamples agree: they show no spread, which is not to say that there is none.
    """
    filled = [(above, below) for above, below in strata if len(above)]
    totals, drawn = np.zeros(2), np.zeros((RESAMPLES, 2))
    for number, (above, below) in enumerate(filled):
        pairs = np.stack((above, below), axis=1)
        totals += pairs.mean(0)
        drawn += _resampled_sums(pairs, seed, number) / len(pairs)
    if totals[1] == 0:
        return NOTHING
    value, usable = float(totals[0] / totals[1]), drawn[drawn[:, 1] > 0]
    ratios = usable[:, 0] / usable[:, 1]
    if np.allclose(ratios, value, rtol=1e-9, atol=0):
        return Estimate(value)
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(ratios, [tail, 100 - tail])
    return Estimate(value, float(low), float(high))


def _resampled_sums(columns: Float[np.ndarray, "n c"], seed: int, stratum: int) -> Float[np.ndarray, "resamples c"]:
    """The columns' sums over n rows drawn with replacement, `RESAMPLES` times."""
    rng = np.random.default_rng([seed, stratum])
    n = len(columns)
    block = max(1, _BLOCK // n)
    sums = []
    for start in range(0, RESAMPLES, block):
        rows = rng.integers(0, n, (min(block, RESAMPLES - start), n), dtype=np.int32)
        sums.append(np.stack([np.take(column, rows).sum(1) for column in columns.T], axis=1))
    return np.concatenate(sums)
