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
