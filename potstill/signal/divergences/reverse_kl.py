"""Reverse Kullback-Leibler divergence, KL(q || p) (as in MiniLLM, arXiv 2306.08543)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part


@part("divergence", "reverse_kl")
class ReverseKL:
    """KL(q || p) = sum q (log q - log p): the student says only what the teacher would."""

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        return (log_q.exp() * (log_q - log_p)).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """q (log q - log p + 1)."""
        return (log_q - log_p).add_(1.0).mul_(log_q.exp())
