"""The search for the lowest point."""

from __future__ import annotations

import numpy as np
import pytest

from potstill.text.minimise import minimise

SCALES = np.array([1.0, 10.0, 1000.0])
AIM = np.array([3.0, -2.0, 0.5])


def bowl(point: np.ndarray) -> tuple[float, np.ndarray]:
    return float((SCALES * (point - AIM) ** 2).sum() / 2), SCALES * (point - AIM)


def test_the_bottom_of_a_bowl_is_found() -> None:
    assert minimise(bowl, np.zeros(3), tolerance=1e-9) == pytest.approx(AIM, abs=1e-9)


def test_the_valley_of_rosenbrock_is_followed() -> None:
    def valley(point: np.ndarray) -> tuple[float, np.ndarray]:
        x, y = point
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])

    assert minimise(valley, np.array([-1.2, 1.0]), tolerance=1e-8) == pytest.approx([1.0, 1.0], abs=1e-6)


def test_it_takes_few_steps() -> None:
    asked = []

    def counted(point: np.ndarray) -> tuple[float, np.ndarray]:
        asked.append(point)
        return bowl(point)

    minimise(counted, np.zeros(3), tolerance=1e-6)
    assert len(asked) < 40


def test_the_start_is_left_alone_and_may_be_the_end() -> None:
    start = AIM.copy()
    assert minimise(bowl, start).tolist() == AIM.tolist()
    assert minimise(bowl, np.zeros(3), steps=0).tolist() == [0, 0, 0]
    assert minimise(lambda point: (0.0, point), np.zeros(0)).tolist() == []


def test_a_wall_ends_the_search() -> None:
    """A gradient that points the wrong way lowers nothing."""
    assert minimise(lambda point: (float((point**2).sum()), -2 * point), np.ones(2)).tolist() == [1, 1]
