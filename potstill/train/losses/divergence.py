"""Logit distillation: a divergence from the teacher's distribution, as stored at generation or from the teacher running beside."""

from __future__ import annotations

from inspect import signature

from potstill.errors import CapabilityError, RecipeError
from potstill.fit import Batch, Term
from potstill.recipe import LossSection, Ramp
from potstill.registry import did_you_mean, find, part
from potstill.signal import Signal
from potstill.signal.codecs.base import Support, open_codec
from potstill.signal.divergences.base import Divergence as DivergencePart
from potstill.train.live import LiveTeacher

LINEAR = ("forward_kl",)
"""Divergences whose gradient is linear in the teacher's probabilities, so that draws give it right on average."""


@part("loss", "divergence", needs=("top_k",))
class Divergence:
    """A divergence from what the teacher expected at each token: what was kept of it at generation, or all of it, live."""

    def __init__(self, section: LossSection) -> None:
        self.section = section
        self.divergence = open_divergence(section, "train.losses")
        self.weight, self.temperature = section.number("weight"), section.number("temperature")
        self.scale = self.temperature**2 if section.scale_t2 else 1.0

    def term(self, batch: Batch, live: LiveTeacher | None) -> Term:
        """The part's term for one batch."""
        name = f"{self.section.divergence}_{self.section.teacher}"
        signal, weight = self._signal(batch, live), batch.weight * self.weight
        return Term(name, signal, self.divergence, weight, self.temperature, self.scale, batch.target, self.section.standardise)

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
        check_codec(batch.codec, self.section)
        missing = (1.0 - batch.support_log_p.exp().sum(-1)).clamp_min(0.0)
        tail_mass = missing if batch.tail_mass is None else batch.tail_mass
        kept = Support(batch.support_ids, batch.support_log_p, tail_mass, batch.hidden)
        head = None if live is None or batch.hidden is None else live.output(batch.hidden.device)
        return codec.decode(kept, head, 0 if live is None else live.vocabulary)


def ramps_of(section: LossSection) -> dict[str, Ramp]:
    """Key -> how it goes, for what moves: by the recipe, else by the divergence's own default.

    Raises:
        RecipeError: there is no such divergence.
    """
    own = getattr(find("divergence", section.divergence, "train.losses").factory, "ramps", {}) if section.kind == "divergence" else {}
    return {key: ramp for key, ramp in own.items() if key not in section.settings} | section.ramps


def open_divergence(section: LossSection, where: str) -> DivergencePart:
    """The divergence that a loss names, with its own settings.

    Raises:
        RecipeError: there is none of that name, it has no such setting, or it refuses a value.
    """
    factory = find("divergence", section.divergence, where).factory
    defaults = {name: one.default for name, one in signature(factory).parameters.items()}
    for key, value in section.settings.items():
        if key not in defaults:
            fix = did_you_mean(key, [*defaults, *LossSection.model_fields])
            raise RecipeError(f"{section.divergence} has no setting {key!r}", where=where, fix=fix)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RecipeError(f"{key} must be a number, not {value!r}", where=where, fix=f"its default is {defaults[key]}")
    try:
        divergence: DivergencePart = factory(**section.settings)
    except ValueError as error:
        raise RecipeError(str(error), where=where, fix=f"its defaults are {defaults}") from error
    return divergence


def check_codec(codec: str, section: LossSection, where: str = "train.losses") -> None:
    """Hold a divergence against the codec of the stored distributions that it is taken from.

    Raises:
        CapabilityError: the codec gives probabilities that are right on average only, and the divergence's gradient is not linear in them,
            so that it would be wrong on average; or logits are to be standardised, and it does not give all of them.
    """
    if section.standardise and codec != "hidden_states":
        what = f"logits are to be standardised over the whole vocabulary, and the codec {codec} keeps a part of it"
        raise CapabilityError(what, where=where, fix='use teacher = "live", or codec = "hidden_states"')
    if open_codec(codec, 1).max_error is not None:
        return
    fix = f'use divergence = "{LINEAR[0]}" at temperature 1, or codec = "top_k"'
    if section.divergence not in LINEAR:
        what = f"the gradient of {section.divergence} is biased with the codec {codec}, whose probabilities are right on average only"
        raise CapabilityError(what, where=where, fix=fix)
    if section.temperature != 1.0:
        what = f"at another temperature the probabilities of the codec {codec} are no longer right on average"
        raise CapabilityError(what, where=where, fix=fix)
