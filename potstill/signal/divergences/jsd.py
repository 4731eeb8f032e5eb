"""Generalised Jensen-Shannon divergence (GKD, arXiv 2306.13649, equation 1)."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part


@part("divergence", "jsd")
class JSD:
    """beta KL(p || m) + (1 - beta) KL(q || m) with m = beta p + (1 - beta) q: bounded, between forward and reverse KL.

    Args:
        beta: the teacher's share of the mixture, strictly between 0 and 1.
    """

    def __init__(self, beta: float = 0.5) -> None:
        if not 0.0 < beta < 1.0:
            raise ValueError(f"beta must lie strictly between 0 and 1, not {beta}: use forward_kl or reverse_kl for the ends")
        self.beta = beta

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        p, q = log_p.exp(), log_q.exp()
        log_m = self._log_mixture(p, q)
        of_teacher = (p * (log_p - log_m)).sum(-1)
        of_student = (q * (log_q - log_m)).sum(-1)
        return self.beta * of_teacher + (1.0 - self.beta) * of_student

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """(1 - beta) q (log q - log m)."""
        q = log_q.exp()
        return (log_q - self._log_mixture(log_p.exp(), q)).mul_(q).mul_(1.0 - self.beta)

    def _log_mixture(self, p: Float[Tensor, "N K"], q: Float[Tensor, "N K"]) -> Float[Tensor, "N K"]:
        """log m. Where both probabilities have vanished any finite number does, for it is multiplied by them."""
        return torch.lerp(q, p, self.beta).clamp_min(torch.finfo(q.dtype).tiny).log()
