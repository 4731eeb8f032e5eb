"""Distributions over a vocabulary from their logits, with one pass of exponentials for all that wants to know of them."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Distribution:
    """softmax(logits) at n positions.

    Attributes:
        logits: log p = logits - norm.
        weights: exp(logits - their maximum): p = weights / total.
        total: the weights' sum.
        norm: the logits' logsumexp.
    """

    logits: Float[Tensor, "n V"]
    weights: Float[Tensor, "n V"]
    total: Float[Tensor, "n 1"]
    norm: Float[Tensor, "n 1"]

    @classmethod
    def of(cls, logits: Float[Tensor, "n V"]) -> Distribution:
        """From logits, which are kept as they are."""
        largest = logits.amax(-1, keepdim=True)
        weights = (logits - largest).exp_()
        total = weights.sum(-1, keepdim=True)
        return cls(logits, weights, total, largest + total.log())
