"""Forward Kullback-Leibler divergence, KL(p || q) (Hinton et al. 2015, arXiv 1503.02531, with the entropy of p kept)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part


@part("divergence", "forward_kl")
class ForwardKL:
    """KL(p || q) = sum p (log p - log q): the student covers all that the teacher would say."""

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        return (log_p.exp() * (log_p - log_q)).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """-p."""
        return log_p.exp().neg_()
