"""From values to places on an axis: round ticks, linear and logarithmic scales."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

TINY = 1e-30
"""What is smaller is drawn as 0."""
_NICE = (1.0, 2.0, 5.0, 10.0)


def nice_step(span: float, count: int) -> float:
    """The smallest of 1, 2 and 5 times a power of ten of which at most `count` fit into `span`; 1 for an empty span."""
    if not span > 0:
        return 1.0
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(nice * power for nice in _NICE if nice * power >= rough * (1 - 1e-9))


def ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """Round values from `low` to `high`, about `count` of them: `ticks(0, 1)` is 0, 0.2, 0.4, 0.6, 0.8, 1."""
    step = nice_step(high - low, count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(_exact(i * step) for i in range(first, last + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """The values 1, 2 and 5 times a power of ten from `low` to `high`, both above 0; powers alone where those would be more than 7."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    found = tuple(m * 10.0**p for p in powers for m in (1, 2, 5) if low * (1 - 1e-9) <= m * 10.0**p <= high * (1 + 1e-9))
    return found if len(found) <= 7 else tuple(10.0**p for p in powers if low * (1 - 1e-9) <= 10.0**p <= high * (1 + 1e-9))


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight or logarithmic map from values to pixels.

    Attributes:
        low, high: the values at the two ends.
        start, stop: the pixels of the two ends; `stop` may be the smaller, as it is on a vertical axis.
        marks: where ticks stand, in values.
        log: whether equal ratios are equally far apart; `low` is then above 0.
    """

    low: float
    high: float
    start: float
    stop: float
    marks: tuple[float, ...]
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; values beyond the ends are put on them."""
        inside = min(max(value, self.low), self.high)
        low, high, place = (math.log(v) if self.log else v for v in (self.low, self.high, inside))
        return self.start + (place - low) / (high - low) * (self.stop - self.start)


def linear(values: Iterable[float], start: float, stop: float, *, count: int = 5, zero: bool = False) -> Scale:
    """A linear scale whose ends are ticks and that holds all values; with `zero`, 0 too."""
    low, high = _span(values, zero)
    step = nice_step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(_exact(i * step) for i in range(first, last + 1))
    return Scale(marks[0], marks[-1], start, stop, marks)


def fixed(low: float, high: float, start: float, stop: float, count: int = 5) -> Scale:
    """A linear scale from `low` to `high` exactly."""
    return Scale(low, high, start, stop, ticks(low, high, count))


def logarithmic(values: Iterable[float], start: float, stop: float) -> Scale:
    """A logarithmic scale that holds all values, which are above 0."""
    found = [value for value in values if math.isfinite(value)]
    low, high = min(found), max(found)
    if high < 1.0001 * low:
        low, high = low / 2, high * 2
    return Scale(low, high, start, stop, log_ticks(low, high), log=True)


def _span(values: Iterable[float], zero: bool) -> tuple[float, float]:
    found = [value for value in values if math.isfinite(value)] + ([0.0] if zero else [])
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    if high - low > 1e-9 * max(abs(low), abs(high), TINY):
        return low, high
    return low, high + (abs(low) if abs(low) > TINY else 1.0)


def _exact(value: float) -> float:
    """Without the digits that multiplication adds: 0.6, not 0.6000000000000001."""
    return float(f"{value:.12g}")
