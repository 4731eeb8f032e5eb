"""Shares with 95% intervals: of right answers, of faults that a filter found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95% interval; `value` is None where nothing was judged, and bounds are None where none are known."""

    value: float | None
    low: float | None = None
    high: float | None = None


NOTHING = Estimate(None)


def wilson(successes: int | float, n: int) -> Estimate:
    """The share of successes with Wilson's score interval (Wilson 1927, JASA 22:209).

    With p = successes / n and z = 1.96: centre (p + z^2/2n) / (1 + z^2/n), half width z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n).

    Args:
        successes: their number; marks between 0 and 1 may be summed, and the interval is then wider than need be.
        n: trials; 0 gives no estimate.
    """
    if n == 0:
        return NOTHING
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    p, shrink = successes / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half))


def proportion(successes: int | float, n: int) -> Estimate:
    """As `wilson`; for none or all of n the exact interval (Clopper and Pearson 1934, Biometrika 26:404), which is the wider one.

    At 0 of n the upper bound is 1 - 0.025^(1/n), at n of n the lower one 0.025^(1/n): rates that must be near 0 are not flattered.
    """
    if n == 0 or 0 < successes < n:
        return wilson(successes, n)
    edge: float = ((1 - CONFIDENCE) / 2) ** (1 / n)
    return Estimate(0.0, 0.0, 1.0 - edge) if successes == 0 else Estimate(1.0, edge, 1.0)
