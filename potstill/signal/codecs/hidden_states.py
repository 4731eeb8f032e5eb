"""The teacher's last hidden states, from which its own head makes the whole distribution again."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from potstill.errors import CapabilityError
from potstill.registry import part
from potstill.signal.codecs.base import Support
from potstill.signal.distribution import Distribution
from potstill.signal.head import OutputHead
from potstill.signal.outcomes import HiddenStates

_DROPPED = 13
"""Bits of float32's mantissa that are dropped: what is left, 10 bits, is float16's, and the range stays float32's."""


@part("codec", "hidden_states", needs=("hidden_states",))
class KeptStates:
    """The last hidden states, rounded to 11 significant bits; the error of a logit is about 2e-4 of the logits' size.

    Args:
        size: of no concern: the network says how wide its states are.
    """

    max_error: float | None = 2e-3
    likeliest = False

    def __init__(self, size: int) -> None:
        self.size = size

    def width(self, vocabulary: int) -> int:
        """None: the states stand in a column of their own."""
        return 0

    def uniforms(self) -> int:
        """None: nothing is drawn."""
        return 0

    def encode(self, seen: Distribution, hidden: Float[Tensor, "n H"], uniform: Float[Tensor, "n u"]) -> Support:
        """The states as float32 with the last bits zero."""
        bits = hidden.float().contiguous().view(torch.int32)
        kept = ((bits + (1 << (_DROPPED - 1))) >> _DROPPED << _DROPPED).view(torch.float32)
        nothing = kept.new_zeros(len(kept), 0)
        return Support(nothing.long(), nothing, kept.new_zeros(len(kept)), kept)

    def decode(self, support: Support, head: OutputHead | None, vocabulary: int) -> HiddenStates:
        """The whole distribution, a chunk at a time."""
        if head is None or support.hidden is None:
            fix = "train where the teacher's weights are, or generate with another codec"
            raise CapabilityError("stored hidden states need the head of the teacher that made them", where="train.losses", fix=fix)
        return HiddenStates(support.hidden.to(head.weight.dtype), head, vocabulary)
