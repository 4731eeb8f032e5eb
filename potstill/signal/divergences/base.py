"""What every divergence is: one number a token over K outcomes, and its derivative in closed form.

The outcomes are whatever the signal says: the whole vocabulary, or the teacher's top k tokens and the tail as one more. A divergence never
masks, weighs, averages, shifts or chunks: that is the loop's work, done once.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class Divergence(Protocol):
    """A divergence of the student's q from the teacher's p, both over the same K outcomes."""

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats. `target` is the realised outcome, for the few that need it."""
        ...

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """d value / d log_q with the K entries of `log_q` taken as free variables. The fused head adds the softmax's own derivative."""
        ...


def check_share(name: str, share: float, *ends: str) -> None:
    """Refuse a share that leaves nothing of one of the two.

    Raises:
        ValueError: it does not lie strictly between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {share}: use {' or '.join(ends)} for the ends")


def check_pair(alpha: float, beta: float) -> None:
    """Refuse two exponents, or weights, that make no divergence.

    Raises:
        ValueError: one is negative, or both are 0.
    """
    if min(alpha, beta) < 0.0 or alpha + beta == 0.0:
        raise ValueError(f"alpha and beta must not be negative, nor both 0; they are {alpha} and {beta}")
