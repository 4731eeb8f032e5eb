"""Adaptive Kullback-Leibler divergence (arXiv 2404.02657)."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_share
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.reverse_kl import ReverseKL


@part("divergence", "adaptive_kl")
class AdaptiveKL:
    """Forward and reverse KL, mixed token by token: forward where the teacher's head is missed, reverse where its tail is.

    With g_head and g_tail the sums of |p - q| over the two, which no gradient passes, it is
    (g_head KL(p || q) + g_tail KL(q || p)) / (g_head + g_tail).

    Args:
        mu: the tail is the least likely outcomes, up to this much of the teacher's mass together. All that is not stored is one outcome.
    """

    def __init__(self, mu: float = 0.5) -> None:
        check_share("mu", mu, "forward_kl", "reverse_kl")
        self.mu = mu
        self._forward, self._reverse = ForwardKL(), ReverseKL()

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        share = self._share(log_p, log_q.detach())
        return torch.lerp(self._reverse(log_p, log_q), self._forward(log_p, log_q), share)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """The mixture of the two gradients."""
        share = self._share(log_p, log_q)[:, None]
        return torch.lerp(self._reverse.gradient(log_p, log_q), self._forward.gradient(log_p, log_q), share)

    def _share(self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"]) -> Float[Tensor, " N"]:
        """Forward KL's share: g_head / (g_head + g_tail); a half where there is no gap."""
        p = log_p.exp()
        gap = (p - log_q.exp()).abs_()
        total = gap.sum(-1)
        head = gap.masked_fill_(self._tail(p), 0.0).sum(-1)
        return torch.where(total > 0.0, head / total.clamp_min(torch.finfo(p.dtype).tiny), 0.5)

    def _tail(self, p: Float[Tensor, "N K"]) -> Bool[Tensor, "N K"]:
        """Which outcomes are the tail."""
        ascending, order = p.sort(-1)
        return torch.zeros_like(p, dtype=torch.bool).scatter_(-1, order, ascending.cumsum_(-1) <= self.mu)
