"""Mixtures of two distributions over the same outcomes."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def log_mixture(p: Float[Tensor, "N K"], q: Float[Tensor, "N K"], share: float) -> Float[Tensor, "N K"]:
    """log of (1 - share) p + share q. Where both have vanished any finite number does, for it is multiplied by them."""
    return torch.lerp(p, q, share).clamp_min_(torch.finfo(p.dtype).tiny).log_()


def check_share(name: str, share: float, *ends: str) -> None:
    """Refuse a share that leaves nothing of one of the two.

    Raises:
        ValueError: it does not lie strictly between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {share}: use {' or '.join(ends)} for the ends")
