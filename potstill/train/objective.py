"""What the recipe's losses ask of a batch, each with its settings as they are at that step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from potstill.fit import Batch, Term
from potstill.recipe import LossSection
from potstill.registry import find
from potstill.train.live import LiveTeacher
from potstill.train.losses.base import Loss
from potstill.train.losses.divergence import ramps_of
from potstill.train.moving import Moving


class Objective:
    """The recipe's losses, whose settings may move.

    Args:
        sections: the losses.
        live: the teacher beside the student, where one is needed.
    """

    def __init__(self, sections: Sequence[LossSection], live: LiveTeacher | None) -> None:
        self._sections, self._live = sections, live
        self._moving = [{key: Moving(ramp) for key, ramp in ramps_of(section).items()} for section in sections]
        self._losses: list[Loss] = [_made(section, moving) for section, moving in zip(sections, self._moving, strict=True)]

    def __call__(self, batch: Batch) -> list[Term]:
        """One term a loss."""
        return [loss.term(batch, self._live) for loss in self._losses]

    def begin(self, progress: float) -> dict[str, float]:
        """Set what moves to where it is at a share of the steps; the values, as `losses.0.weight`."""
        values: dict[str, float] = {}
        for i, (section, moving) in enumerate(zip(self._sections, self._moving, strict=True)):
            values |= {f"losses.{i}.{key}": one.begin(progress) for key, one in moving.items()}
            if moving:
                self._losses[i] = _made(section, moving)
        return values

    def observe(self, means: Sequence[float]) -> None:
        """The mean of each term (nats a token) at the step that was done."""
        for moving, mean in zip(self._moving, means, strict=True):
            for one in moving.values():
                one.observe(mean)

    def state(self) -> list[dict[str, Any]]:
        """What the moving settings remember, as JSON takes it."""
        return [{key: one.state() for key, one in moving.items()} for moving in self._moving]

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Remember what `state` told."""
        for moving, kept in zip(self._moving, state, strict=True):
            for key, one in moving.items():
                one.restore(kept[key])


def _made(section: LossSection, moving: Mapping[str, Moving]) -> Loss:
    loss: Loss = find("loss", section.kind, "train.losses").factory(section.settled({key: one.value for key, one in moving.items()}))
    return loss
