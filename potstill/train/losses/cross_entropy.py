"""Response distillation: cross-entropy on the tokens that the teacher wrote (sequence-level distillation, arXiv 1606.07947)."""

from __future__ import annotations

from potstill.fit import Batch, Term
from potstill.recipe import LossSection
from potstill.registry import part
from potstill.signal import Point
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.train.live import LiveTeacher


@part("loss", "cross_entropy", needs=("text",))
class CrossEntropy:
    """-log q of the teacher's tokens: forward KL to the realised token."""

    def __init__(self, section: LossSection) -> None:
        self.weight = section.number("weight")
        self.divergence = ForwardKL()

    def term(self, batch: Batch, live: LiveTeacher | None) -> Term:
        """The part's term for one batch."""
        return Term("cross_entropy", Point(batch.target), self.divergence, batch.weight * self.weight)
