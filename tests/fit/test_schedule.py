from __future__ import annotations

import math

import pytest

from potstill.fit.schedule import learning_rate


def rates(**settings: object) -> list[float]:
    return [learning_rate(step, **{"steps": 11, "peak": 2.0, "warmup": 0.2, "final": 0.1, **settings}) for step in range(11)]  # type: ignore[arg-type]


def test_cosine_by_hand() -> None:
    found = rates()
    assert found[:2] == [1.0, 2.0]
    assert found[2] == pytest.approx(2.0)
    assert found[6] == pytest.approx(2.0 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 4 / 8))))
    assert found[10] == pytest.approx(0.2)


def test_linear_by_hand() -> None:
    found = rates(shape="linear")
    assert found[:2] == [1.0, 2.0]
    assert found[6] == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))
    assert found[10] == pytest.approx(0.2)


def test_constant_by_hand() -> None:
    assert rates(shape="constant") == [1.0] + [2.0] * 10


def test_no_warm_up_still_takes_a_first_step() -> None:
    assert rates(warmup=0.0)[0] == 2.0
    assert learning_rate(0, steps=1, peak=2.0) == 2.0
