"""Differences between candidates, on the same prompts."""

from __future__ import annotations

import math
import random

import pytest

from potstill.compare.differences import agreement, difference, mean, merit, share


def test_means_leave_out_what_could_not_be_judged():
    assert mean([1.0, None, 0.0, 0.5]) == 0.5
    assert mean([None]) is None
    assert merit({"a": [1.0, 0.0], "b": [1.0]}) == 0.75
    assert merit({"a": [1.0, 0.0], "b": [None]}) is None
    assert merit({}) is None


def test_a_share_has_wilsons_interval():
    """15 of 20, z = 1.96: centre (0.75 + 0.09604) / 1.19207, half width 1.96 sqrt(0.0093750 + 0.0024009) / 1.19207 (Wilson 1927)."""
    found = share([1.0] * 15 + [0.0] * 5 + [None])
    assert (found.value, found.low, found.high) == (0.75, pytest.approx(0.5313, abs=2e-4), pytest.approx(0.8881, abs=2e-4))
    none = share([0.0] * 20)
    assert (none.value, none.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20)))
    assert share([None]).value is None


def test_the_interval_by_hand():
    """3 and 1 of 10 pairs differ: (b - c) / 12 plus or minus 1.96 sqrt((b + c + 1) - (b - c)^2 / 12) / 12."""
    first, second = [1, 1, 1, 0, 1, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1, 1, 1, 0, 0]
    found = difference({"a": first}, {"a": second})
    half = 1.959964 * math.sqrt(5 - 4 / 12) / 12
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(2 / 12 - half, abs=1e-6)
    assert found.high == pytest.approx(2 / 12 + half, abs=1e-6)


def test_equal_marks_leave_room_for_a_difference():
    found = difference({"a": [1.0] * 50}, {"a": [1.0] * 50})
    assert found.value == 0.0
    assert found.low < 0 < found.high
    assert found.high == pytest.approx(1.959964 * math.sqrt(1 / 52 / 52), abs=1e-6)


def test_a_constant_difference_has_an_interval_too():
    found = difference({"a": [1.0] * 50}, {"a": [0.0] * 50})
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(50 / 52 - 1.959964 * math.sqrt((51 / 52 - (50 / 52) ** 2) / 52), abs=1e-6)


def test_prompts_that_one_could_not_be_judged_on_do_not_count():
    found = difference({"a": [1.0, None, 1.0]}, {"a": [0.0, 0.0, None]})
    assert found.value == 1.0
    assert difference({"a": [None]}, {"a": [1.0]}).value is None


def test_the_interval_covers_the_truth():
    """Two candidates that are right at 90% and 84%, kind by kind, on prompts of which some are hard for both."""
    rng, covered = random.Random(0), 0
    for _ in range(400):
        first, second = {}, {}
        for kind in ("a", "b"):
            hard = [rng.random() for _ in range(60)]
            first[kind] = [float(h + 0.2 * rng.random() < 1.0) for h in hard]
            second[kind] = [float(h + 0.32 * rng.random() < 1.0) for h in hard]
        found = difference(first, second)
        covered += found.low <= 0.06 <= found.high
    assert 0.92 <= covered / 400 <= 0.99


def test_agreement():
    same = ["Answer: Paris", "I cannot help with that.", "It is so. Answer: 4", "Rome."]
    other = ["So it is. Answer: paris.", "I won't say.", "Answer: 5", "rome"]
    assert agreement(same, other) == 0.75
    assert agreement([], []) is None
