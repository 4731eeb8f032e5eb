"""Settings of a loss that move as training goes on, with what they remember."""

from __future__ import annotations

import math
from typing import Any

from potstill.recipe import Ramp

EAGER = 5e-4
"""Largest share of the rest that an adaptive setting gains at a step (TAID's alpha, arXiv 2501.16937)."""
MEMORY = 0.99
"""How much of the average of relative changes of the loss stays from step to step."""


class Moving:
    """The value of one setting.

    An adaptive one is never behind the line from `start` to `end`. Each step it gains, of what is left, `EAGER` times the sigmoid of the
    running average of (previous loss - loss) / previous loss.

    Args:
        ramp: how it goes.
    """

    def __init__(self, ramp: Ramp) -> None:
        self.ramp = ramp
        self.value = ramp.start
        self._gone, self._average, self._last = 0.0, 0.0, math.nan

    def begin(self, progress: float) -> float:
        """The value at a step that begins with such a share of the steps done."""
        if self.ramp.shape != "adaptive":
            self.value = self.ramp.at(progress)
            return self.value
        self._gone = max(self._gone, min(1.0, progress / self.ramp.until))
        self.value = self.ramp.start + (self.ramp.end - self.ramp.start) * self._gone
        return self.value

    def observe(self, loss: float) -> None:
        """The loss (nats) of the step that was done with it."""
        if not math.isnan(self._last):
            fall = (self._last - loss) / (self._last + 1e-15)
            self._average = MEMORY * self._average + (1.0 - MEMORY) * fall
            self._gone = min(1.0, self._gone + EAGER * (1.0 - self._gone) / (1.0 + math.exp(-self._average)))
        self._last = loss

    def state(self) -> list[float | None]:
        """What it remembers, as JSON takes it."""
        return [self._gone, self._average, None if math.isnan(self._last) else self._last]

    def restore(self, state: list[Any]) -> None:
        """Remember what `state` told."""
        self._gone, self._average, last = state
        self._last = math.nan if last is None else last
