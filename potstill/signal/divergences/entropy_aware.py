"""Reverse KL, with forward KL added where the teacher is unsure (entropy-aware distillation, arXiv 2603.07079)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.reverse_kl import ReverseKL


@part("divergence", "entropy_aware")
class EntropyAware:
    """KL(q || p), and KL(p || q) with it where the teacher's entropy is high: precise where one token is right, broad where many are.

    Args:
        threshold: the teacher's entropy (nats, over the outcomes) from which forward KL is added; the default is ours.
        weight: forward KL's.
    """

    def __init__(self, threshold: float = 0.8, weight: float = 1.0) -> None:
        if threshold < 0.0 or weight <= 0.0:
            raise ValueError(f"threshold must not be negative and weight must be above 0; they are {threshold} and {weight}")
        self.threshold, self.weight = threshold, weight
        self._forward, self._reverse = ForwardKL(), ReverseKL()

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        return self._reverse(log_p, log_q) + self._added(log_p) * self._forward(log_p, log_q)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """The sum of the two gradients."""
        added = self._forward.gradient(log_p, log_q).mul_(self._added(log_p)[:, None])
        return self._reverse.gradient(log_p, log_q).add_(added)

    def _added(self, log_p: Float[Tensor, "N K"]) -> Float[Tensor, " N"]:
        """Forward KL's weight at each token: 0 where the teacher is sure."""
        entropy = -(log_p.exp() * log_p).sum(-1)
        return (entropy >= self.threshold).to(log_p.dtype).mul_(self.weight)
