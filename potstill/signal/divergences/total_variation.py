"""Total variation distance."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part

ROUNDING, RATIO = 1e-5, 1e-2
"""Probabilities this close, in difference and in log-ratio, count as one: float32 tells no more of them where logits are large."""


@part("divergence", "total_variation")
class TotalVariation:
    """1/2 sum |p - q|: the mass that would have to move. Bounded by 1, and no token's pull grows with the odds against it."""

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The distance of each token, from 0 to 1."""
        return (log_p.exp() - log_q.exp()).abs().sum(-1).mul(0.5)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """1/2 q sign(q - p); 0 where the two differ by rounding alone."""
        p, q = log_p.exp(), log_q.exp()
        same = ((q - p).abs() < ROUNDING) & ((log_q - log_p).abs() < RATIO)
        return (log_q - log_p).sign().masked_fill_(same, 0.0).mul_(q).mul_(0.5)
