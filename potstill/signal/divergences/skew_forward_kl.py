"""Skewed forward Kullback-Leibler divergence (DistiLLM, arXiv 2402.03898)."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_share
from potstill.signal.mixture import log_mixture


@part("divergence", "skew_forward_kl")
class SkewForwardKL:
    """KL(p || alpha p + (1 - alpha) q): covers as forward KL does, and is bounded by -log alpha, so that no token pulls without limit.

    Args:
        alpha: the teacher's share of the mixture, strictly between 0 and 1.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        check_share("alpha", alpha, "forward_kl")
        self.alpha = alpha

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        p = log_p.exp()
        return (p * (log_p - log_mixture(log_q.exp(), p, self.alpha))).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """-(1 - alpha) p q / m with m = alpha p + (1 - alpha) q."""
        p, q = log_p.exp(), log_q.exp()
        m = torch.lerp(q, p, self.alpha).clamp_min(torch.finfo(q.dtype).tiny)
        return q.mul_(p).div_(m).mul_(self.alpha - 1.0)
