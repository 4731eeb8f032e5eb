"""Skewed reverse Kullback-Leibler divergence (DistiLLM, arXiv 2402.03898)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_share
from potstill.signal.mixture import log_mixture


@part("divergence", "skew_reverse_kl")
class SkewReverseKL:
    """KL(q || (1 - alpha) p + alpha q): keeps to what the teacher says as reverse KL does, and is bounded by -log alpha.

    Args:
        alpha: the student's share of the mixture, strictly between 0 and 1.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        check_share("alpha", alpha, "reverse_kl")
        self.alpha = alpha

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        q = log_q.exp()
        return (q * (log_q - log_mixture(log_p.exp(), q, self.alpha))).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """q (log q - log m + 1 - alpha q / m) with m = (1 - alpha) p + alpha q."""
        q = log_q.exp()
        log_m = log_mixture(log_p.exp(), q, self.alpha)
        share = (log_q - log_m).exp_().mul_(self.alpha)
        return (log_q - log_m).add_(1.0).sub_(share).mul_(q)
