"""How many requests a server gets at once: more while it keeps up, half as many when it is in trouble.

Additive increase, multiplicative decrease, with a slow start: Chiu and Jain (1989); Jacobson (1988). Times and rates are compared over
windows of requests; that a server has enough to do at `rate x time` requests in flight is Little's law.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

FIRST = 8.0
"""Requests in flight at the beginning."""
LEAST = 1.0
DECREASE = 0.5
"""What trouble leaves of the limit."""
EASE = 0.9
"""What a slow-down leaves of it."""
SLOW = 2.0
"""Times the best time a request: the server has begun to queue them."""
FASTER = 1.05
"""Times the last window's rate: more requests in flight still pay off."""
FALLEN = 0.7
"""Of the best rate: less gets done than could."""
WINDOW = 16
"""Fewest requests in a window; it holds as many as could be in flight when it began."""
PERIOD = 1.0
"""Seconds; a shorter window tells more of this machine's other work than of the server."""
FORGET = 0.005
"""By how much a window ages the best time and rate: servers and questions change."""


class Limit:
    """The limit of one server. It decides and counts; it neither sends nor waits.

    Args:
        most: never more requests than this.
        clock: seconds, growing.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self.value = min(FIRST, float(most))
        self.in_flight = 0
        self._slow_start, self._hold = True, False
        self._paused_until = self._decreased_at = self._full_at = -math.inf
        self._count, self._seconds, self._since = 0, 0.0, clock()
        self._enough, self._few, self._few_seconds = float(WINDOW), 0, 0.0
        self._best_time, self._best_rate, self._time_at_best_rate, self._last_rate = math.inf, 0.0, math.inf, 0.0

    def wait(self) -> float:
        """Seconds until a request may start: 0 now, infinity when another must end first."""
        if self.in_flight >= int(min(self.value, self.most)):
            return math.inf
        return max(0.0, self._paused_until - self._clock())

    def start(self) -> float:
        """A request starts; the time by which it is known when it ends."""
        self.in_flight += 1
        now = self._clock()
        if self.in_flight >= int(self.value):
            self._full_at = now
        return now

    def succeed(self, started: float) -> None:
        """A request was answered."""
        self.in_flight -= 1
        if self._full_at >= started and not self._hold:
            self.value = min(self.most, self.value + (1.0 if self._slow_start else 1.0 / self.value))
        self._count += 1
        self._few += 1
        seconds = self._clock() - started
        self._seconds += seconds
        self._few_seconds += seconds
        if self._few >= WINDOW:
            self._best_time = min(self._best_time, self._few_seconds / self._few)
            self._few, self._few_seconds = 0, 0.0
        if self._count >= self._enough and self._clock() - self._since >= PERIOD:
            self._look_back()

    def trouble(self, started: float, retry_after: float | None = None) -> None:
        """A request met a server with too much to do. Of the requests that were in flight together only the first decreases the limit.

        Args:
            started: as `start` returned it.
            retry_after: seconds that the server asks to be left alone.
        """
        self.in_flight -= 1
        self._slow_start = False
        now = self._clock()
        if started > self._decreased_at:
            self.value, self._decreased_at = max(LEAST, self.value * DECREASE), now
        if retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)

    def abandon(self) -> None:
        """A request ended in a way that says nothing of the server."""
        self.in_flight -= 1

    def _look_back(self) -> None:
        """At the end of a window: is the server slower than it was, and does it get more done for it?"""
        now = self._clock()
        seconds, rate = self._seconds / self._count, self._count / max(now - self._since, 1e-9)
        self._best_time *= 1 + FORGET
        if rate >= self._best_rate:
            self._best_rate, self._time_at_best_rate = rate, seconds
        else:
            self._best_rate *= 1 - FORGET
        self._hold = seconds > SLOW * self._best_time and rate < FASTER * self._last_rate
        if self._hold:
            self._slow_start = False
        if seconds > SLOW * self._time_at_best_rate and rate < FALLEN * self._best_rate:
            self.value = max(LEAST, self.value * EASE)
        self._last_rate = rate
        self._count, self._seconds, self._since, self._enough = 0, 0.0, now, max(WINDOW, self.value)
