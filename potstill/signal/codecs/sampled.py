"""A few tokens drawn from the teacher's distribution (Sparse Logit Sampling: random sampling KD, arXiv 2503.16870).

With count_i the draws of token i out of n, E[count_i / n] = p_i: whatever is linear in p, as forward KL's gradient -sum_i p_i d log q_i is,
is right on average. A draw's own error falls as 1 / sqrt(n).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from potstill.registry import part
from potstill.signal.codecs.base import Support
from potstill.signal.distribution import Distribution
from potstill.signal.drawing import invert
from potstill.signal.head import OutputHead
from potstill.signal.outcomes import Sparse


@part("codec", "sampled", needs=("full",))
class Sampled:
    """Tokens drawn from the teacher's distribution with their share of the draws, those drawn most often first; nothing is left over.

    Args:
        size: draws a position.
    """

    max_error: float | None = None
    likeliest = False

    def __init__(self, size: int) -> None:
        self.size = size

    def width(self, vocabulary: int) -> int:
        """One place a draw; draws of the same token share one, and places left over hold -1."""
        return self.size

    def uniforms(self) -> int:
        """One a draw."""
        return self.size

    def encode(self, seen: Distribution, hidden: Float[Tensor, "n H"], uniform: Float[Tensor, "n u"]) -> Support:
        """log(count / draws) of the tokens drawn."""
        drawn = invert(seen.weights, uniform).sort(-1).values
        first = torch.ones_like(drawn, dtype=torch.bool)
        first[:, 1:] = drawn[:, 1:] != drawn[:, :-1]
        place = first.cumsum(-1) - 1
        ids = torch.full_like(drawn, -1).scatter_(-1, place, drawn)
        counts = torch.zeros_like(drawn).scatter_add_(-1, place, torch.ones_like(drawn))
        counts, order = counts.sort(dim=-1, descending=True, stable=True)
        return Support(ids.gather(-1, order), (counts.float() / self.size).log(), torch.zeros(len(ids), device=ids.device))

    def decode(self, support: Support, head: OutputHead | None, vocabulary: int) -> Sparse:
        """The tokens drawn, with no mass in the tail."""
        return Sparse(support.ids, support.log_p)
