"""The learning rate as a function of the step alone."""

from __future__ import annotations

import math


def learning_rate(step: int, *, steps: int, peak: float, warmup: float = 0.05, final: float = 0.1, shape: str = "cosine") -> float:
    """Linear warm-up to `peak`, then a cosine or a line down to its share `final`, or no fall at all.

    Args:
        step: from 0.
        steps: of the whole run.
        peak: the highest rate.
        warmup: share of the steps spent rising.
        final: share of the peak at the last step.
        shape: `cosine`, `linear` or `constant` after the warm-up.
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return peak * (step + 1) / rising
    if shape == "constant":
        return peak
    progress = min(1.0, (step - rising) / max(1, steps - 1 - rising))
    left = 1.0 - progress if shape == "linear" else 0.5 * (1.0 + math.cos(math.pi * progress))
    return peak * (final + (1.0 - final) * left)
