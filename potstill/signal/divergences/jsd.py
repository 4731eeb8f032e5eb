"""Generalised Jensen-Shannon divergence (GKD, arXiv 2306.13649, equation 1)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_share
from potstill.signal.mixture import log_mixture


@part("divergence", "jsd")
class JSD:
    """beta KL(p || m) + (1 - beta) KL(q || m) with m = beta p + (1 - beta) q: bounded, between forward and reverse KL.

    Args:
        beta: the teacher's share of the mixture, strictly between 0 and 1.
    """

    def __init__(self, beta: float = 0.5) -> None:
        check_share("beta", beta, "forward_kl", "reverse_kl")
        self.beta = beta

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        p, q = log_p.exp(), log_q.exp()
        log_m = log_mixture(q, p, self.beta)
        of_teacher = (p * (log_p - log_m)).sum(-1)
        of_student = (q * (log_q - log_m)).sum(-1)
        return self.beta * of_teacher + (1.0 - self.beta) * of_student

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """(1 - beta) q (log q - log m)."""
        q = log_q.exp()
        return (log_q - log_mixture(q, log_p.exp(), self.beta)).mul_(q).mul_(1.0 - self.beta)
