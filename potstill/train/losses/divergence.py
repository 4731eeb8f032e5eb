"""Logit distillation: a divergence from the teacher's distribution, as stored at generation or from the teacher running beside."""

from __future__ import annotations

from potstill.errors import CapabilityError
from potstill.fit import Batch, Term
from potstill.recipe import LossSection
from potstill.registry import find, part
from potstill.signal import Signal, Sparse
from potstill.signal.divergences.base import Divergence as DivergencePart
from potstill.train.live import LiveTeacher


@part("loss", "divergence", needs=("top_k",))
class Divergence:
    """A divergence from what the teacher expected at each token: its stored top k with the tail, or all of it, live."""

    def __init__(self, section: LossSection) -> None:
        self.section = section
        self.divergence: DivergencePart = find("divergence", section.divergence, "train.losses").factory()
        self.scale = section.temperature**2 if section.scale_t2 else 1.0

    def term(self, batch: Batch, live: LiveTeacher | None) -> Term:
        """The part's term for one batch."""
        name = f"{self.section.divergence}_{self.section.teacher}"
        weight = batch.weight * self.section.weight
        return Term(name, self._signal(batch, live), self.divergence, weight, self.section.temperature, self.scale)

    def _signal(self, batch: Batch, live: LiveTeacher | None) -> Signal:
        if self.section.teacher == "live":
            if live is None:
                raise CapabilityError(
                    "a live divergence needs a teacher that runs beside", where="train.losses", fix='use teacher = "cached"'
                )
            return live.signal(batch)
        if batch.support_ids is None or batch.support_log_p is None:
            remedy = 'generate with top_k above 0 from a teacher that gives probabilities, or use kind = "cross_entropy"'
            raise CapabilityError("the traces hold no distribution of the teacher", where="train.losses", fix=remedy)
        return Sparse(batch.support_ids, batch.support_log_p)
