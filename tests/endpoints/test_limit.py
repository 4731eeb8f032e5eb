from __future__ import annotations

import heapq
import math

import pytest

from potstill.endpoints.limit import FIRST, LEAST, Limit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drive(limit: Limit, clock: Clock, seconds: float, capacity: float, latency: float) -> float:
    """A server that takes `latency` a request and does `capacity` a second, asked as much as the limit allows; answers a second."""
    flying: list[tuple[float, float]] = []
    end, free, answered = clock.now + seconds, clock.now, 0
    while clock.now < end:
        while limit.wait() == 0:
            started = limit.start()
            free = max(free, clock.now) + 1 / capacity
            heapq.heappush(flying, (max(clock.now + latency, free), started))
        clock.now, started = heapq.heappop(flying)
        limit.succeed(started)
        answered += 1
    for _ in flying:
        limit.abandon()
    return answered / seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_slow_start_doubles_every_round_trip(clock: Clock) -> None:
    limit = Limit(1000, clock)
    for expected in (FIRST, 2 * FIRST, 4 * FIRST):
        started = []
        while limit.wait() == 0:
            started.append(limit.start())
        assert len(started) == expected
        clock.now += 0.1
        for one in started:
            limit.succeed(one)


def test_it_never_goes_over_the_most(clock: Clock) -> None:
    limit = Limit(20, clock)
    drive(limit, clock, 10, 1e9, 0.05)
    assert limit.value == 20
    assert Limit(3, clock).value == 3


def test_trouble_halves_it_once_a_round_trip_and_then_it_grows_by_one(clock: Clock) -> None:
    limit = Limit(64, clock)
    drive(limit, clock, 5, 1e9, 0.05)
    assert limit.value == 64
    clock.now += 1
    started = [limit.start() for _ in range(64)]
    clock.now += 0.05
    for one in started[:30]:
        limit.trouble(one)
    assert limit.value == 32
    for one in started[30:]:
        limit.succeed(one)
    grown = limit.value
    assert grown == pytest.approx(33, abs=0.1)
    clock.now += 1
    limit.trouble(limit.start())
    assert limit.value == grown / 2


def test_trouble_leaves_at_least_one(clock: Clock) -> None:
    limit = Limit(64, clock)
    for _ in range(20):
        clock.now += 1
        limit.trouble(limit.start())
    assert limit.value == LEAST
    assert limit.wait() == 0


def test_the_server_s_pause_is_kept(clock: Clock) -> None:
    limit = Limit(64, clock)
    limit.trouble(limit.start(), retry_after=7.0)
    assert limit.wait() == 7.0
    clock.now += 6
    assert limit.wait() == pytest.approx(1.0)
    clock.now += 1
    assert limit.wait() == 0


def test_a_full_limit_waits_for_another_to_end(clock: Clock) -> None:
    limit = Limit(1, clock)
    limit.start()
    assert limit.wait() == math.inf
    limit.abandon()
    assert limit.wait() == 0


def test_it_does_not_grow_while_it_is_not_used(clock: Clock) -> None:
    limit = Limit(1000, clock)
    for _ in range(500):
        started = limit.start()
        clock.now += 0.1
        limit.succeed(started)
    assert limit.value == FIRST


def test_it_stops_growing_when_requests_only_queue(clock: Clock) -> None:
    limit = Limit(1000, clock)
    rate = drive(limit, clock, 100, 50.0, 0.2)
    assert rate == pytest.approx(50, rel=0.05)
    assert limit.value < 300
    free = Limit(300, clock)
    drive(free, clock, 5, 1e9, 0.2)
    assert free.value == 300


def test_it_shrinks_when_the_server_slows_down_and_comes_back(clock: Clock) -> None:
    limit = Limit(50, clock)
    drive(limit, clock, 20, 1e9, 0.2)
    assert limit.value == 50
    drive(limit, clock, 60, 20.0, 0.2)
    low = limit.value
    assert low < 40
    assert drive(limit, clock, 60, 1e9, 0.2) > 150
    assert limit.value > low
