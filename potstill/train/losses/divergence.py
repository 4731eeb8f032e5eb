"""Logit distillation: a divergence from the teacher's distribution, as stored at generation or from the teacher running beside."""

from __future__ import annotations

from potstill.errors import CapabilityError
from potstill.fit import Batch, Term
from potstill.recipe import LossSection
from potstill.registry import find, part
from potstill.signal import Signal
from potstill.signal.codecs.base import Support, open_codec
from potstill.signal.divergences.base import Divergence as DivergencePart
from potstill.train.live import LiveTeacher

LINEAR = ("forward_kl",)
"""Divergences whose gradient is linear in the teacher's probabilities."""


@part("loss", "divergence", needs=("top_k",))
class Divergence:
    """A divergence from what the teacher expected at each token: what was kept of it at generation, or all of it, live."""

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
        if batch.support_ids is None or batch.support_log_p is None or not (batch.support_ids.shape[1] or batch.hidden is not None):
            remedy = 'generate with top_k above 0 from a teacher that gives probabilities, or use kind = "cross_entropy"'
            raise CapabilityError("the traces hold no distribution of the teacher", where="train.losses", fix=remedy)
        codec = open_codec(batch.codec, batch.support_ids.shape[1])
        check_codec(batch.codec, self.section.divergence)
        missing = (1.0 - batch.support_log_p.exp().sum(-1)).clamp_min(0.0)
        tail_mass = missing if batch.tail_mass is None else batch.tail_mass
        kept = Support(batch.support_ids, batch.support_log_p, tail_mass, batch.hidden)
        head = None if live is None or batch.hidden is None else live.output(batch.hidden.device)
        return codec.decode(kept, head, 0 if live is None else live.vocabulary)


def check_codec(codec: str, divergence: str, where: str = "train.losses") -> None:
    """Hold a divergence against the codec of the stored distributions that it is taken from.

    Raises:
        CapabilityError: the codec gives probabilities that are right on average only, and the divergence's gradient is not linear in them,
            so that it would be wrong on average.
    """
    if open_codec(codec, 1).max_error is None and divergence not in LINEAR:
        what = f"the gradient of {divergence} is biased with the codec {codec}, whose probabilities are right on average only"
        raise CapabilityError(what, where=where, fix=f'use divergence = "{LINEAR[0]}", or codec = "top_k"')
