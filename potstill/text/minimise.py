"""The lowest point of a smooth function: limited-memory BFGS (Liu and Nocedal 1989, Mathematical Programming 45:503)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

Point = Float64[np.ndarray, " D"]
Function = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""A point -> the value there, and the gradient."""
ENOUGH = 1e-4
"""A step must lower the value by this share of what the slope promises (Armijo's condition)."""
HALVINGS = 30
"""Times a step is halved before the search ends."""


def minimise(function: Function, start: Point, *, steps: int = 200, tolerance: float = 1e-5, memory: int = 10) -> Point:
    """Where the function is lowest, as far as found. The same start gives the same end.

    Args:
        function: to be minimised; a convex one has no other low points.
        start: where the search begins.
        steps: most steps.
        tolerance: the search ends where no part of the gradient is larger.
        memory: so many last steps tell the curvature.
    """
    point = np.array(start, np.float64)
    value, slope = function(point)
    kept: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=memory)
    for _ in range(steps):
        if np.abs(slope).max(initial=0.0) <= tolerance:
            break
        found = _searched(function, point, value, slope, _direction(slope, kept))
        if found is None:
            break
        new, value, after = found
        moved, turned = new - point, after - slope
        if moved @ turned > 1e-12 * (turned @ turned):
            kept.append((moved, turned))
        point, slope = new, after
    return point


def _direction(slope: np.ndarray, kept: deque[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Downhill, by the two loops of the method; without memory a step of length 1 at most."""
    if not kept:
        return -slope / max(1.0, float(np.linalg.norm(slope)))
    direction, shares = -slope, []
    for moved, turned in reversed(kept):
        share = (moved @ direction) / (moved @ turned)
        direction = direction - share * turned
        shares.append(share)
    moved, turned = kept[-1]
    direction = direction * ((moved @ turned) / (turned @ turned))
    for (moved, turned), share in zip(kept, reversed(shares), strict=True):
        direction = direction + (share - (turned @ direction) / (moved @ turned)) * moved
    return np.asarray(direction)


def _searched(
    function: Function, point: np.ndarray, value: float, slope: np.ndarray, direction: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray] | None:
    """The first of the steps 1, 1/2, 1/4, ... that lowers the value enough, with value and gradient there; None when none does."""
    promised = float(slope @ direction)
    size = 1.0
    for _ in range(HALVINGS):
        new = point + size * direction
        after, turned = function(new)
        if after <= value + ENOUGH * size * promised:
            return new, after, turned
        size /= 2
    return None
