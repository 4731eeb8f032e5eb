"""Mixtures of two distributions over the same outcomes."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def log_mixture(p: Float[Tensor, "N K"], q: Float[Tensor, "N K"], share: float) -> Float[Tensor, "N K"]:
    """log of (1 - share) p + share q. Where both have vanished any finite number does, for it is multiplied by them."""
    return torch.lerp(p, q, share).clamp_min_(torch.finfo(p.dtype).tiny).log_()
