"""What a codec is: a teacher's distribution at n positions in, a few numbers a position out, and a signal back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import find
from potstill.signal.distribution import Distribution
from potstill.signal.head import OutputHead
from potstill.signal.outcomes import Signal


@dataclass(frozen=True, slots=True)
class Support:
    """What is kept of n positions; the columns of `potstill.models.Outlook`."""

    ids: Int[Tensor, "n w"]
    log_p: Float[Tensor, "n w"]
    tail_mass: Float[Tensor, " n"]
    hidden: Float[Tensor, "n H"] | None = None


class Codec(Protocol):
    """Keeps a teacher's distribution.

    Attributes:
        max_error: largest absolute difference between a probability that comes back and the teacher's, for those that are kept one by
            one; None where single probabilities are estimates, right on average only.
        likeliest: whether the outcomes it keeps are the likeliest, in order.
    """

    max_error: float | None
    likeliest: bool

    def width(self, vocabulary: int) -> int:
        """Outcomes a position, w."""
        ...

    def uniforms(self) -> int:
        """How many uniform random numbers it wants a position."""
        ...

    def encode(self, seen: Distribution, hidden: Float[Tensor, "n H"], uniform: Float[Tensor, "n u"]) -> Support:
        """What is kept of the teacher's distributions.

        Args:
            seen: the distributions.
            hidden: the last hidden states that they come from.
            uniform: `uniforms()` random numbers in [0, 1) a position.
        """
        ...

    def decode(self, support: Support, head: OutputHead | None, vocabulary: int) -> Signal:
        """The signal to train on.

        Args:
            support: as kept.
            head: the teacher's own output head, for codecs that keep hidden states; None: it is not at hand.
            vocabulary: the student's.

        Raises:
            CapabilityError: the codec needs the teacher's head.
        """
        ...


def open_codec(name: str, size: int) -> Codec:
    """The codec of that name, keeping `size` outcomes a position.

    Raises:
        RecipeError: there is none.
    """
    codec: Codec = find("codec", name, where="teachers.codec").factory(size)
    return codec
