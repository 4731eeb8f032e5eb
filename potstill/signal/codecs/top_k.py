"""The likeliest tokens and the mass of the rest."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from potstill.registry import part
from potstill.signal.codecs.base import Support
from potstill.signal.distribution import Distribution
from potstill.signal.drawing import likeliest
from potstill.signal.head import OutputHead
from potstill.signal.outcomes import Sparse


@part("codec", "top_k", needs=("top_k",))
class TopK:
    """The k likeliest tokens, the likeliest first, and the mass of all others.

    Args:
        size: k.
    """

    max_error: float | None = 2e-4
    likeliest = True

    def __init__(self, size: int) -> None:
        self.size = size

    def width(self, vocabulary: int) -> int:
        """k, or the whole vocabulary where it is smaller."""
        return min(self.size, vocabulary)

    def uniforms(self) -> int:
        """None: nothing is drawn."""
        return 0

    def encode(self, seen: Distribution, hidden: Float[Tensor, "n H"], uniform: Float[Tensor, "n u"]) -> Support:
        """Log-probabilities of the top k, and the sum of all other probabilities (1 less those of the top k would be rounding alone where
        these hold nearly all).
        """
        values, ids = likeliest(seen.logits, self.width(seen.logits.shape[-1]))
        kept = seen.weights.gather(-1, ids)
        others = seen.weights.scatter_(-1, ids, 0.0).sum(-1, keepdim=True)
        seen.weights.scatter_(-1, ids, kept)
        return Support(ids, values - seen.norm, (others / seen.total)[:, 0])

    def decode(self, support: Support, head: OutputHead | None, vocabulary: int) -> Sparse:
        """The k outcomes and the tail."""
        return Sparse(support.ids, support.log_p, support.tail_mass)
