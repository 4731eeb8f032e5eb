"""What a probe is: one question about a teacher, and how its answer is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from potstill.doctor.patient import UNHEARD, Patient
from potstill.doctor.result import Outcome, Result


class Told(NamedTuple):
    """What a probe says: what it means, what was seen, and what to do."""

    outcome: Outcome
    seen: str
    advice: str = ""


Look = Callable[[Patient], Told]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question.

    Attributes:
        name: as in the table.
        look: asks it.
        needs: what of `Patient.can` it needs; without it the question does not arise.
        signal: whether it concerns the log-probabilities only.
    """

    name: str
    look: Look
    needs: frozenset[str] = frozenset()
    signal: bool = False

    def of(self, patient: Patient) -> Result:
        """What it finds; `unknown` where the teacher could not be asked."""
        try:
            told = self.look(patient)
        except UNHEARD as error:
            told = Told("unknown", f"it could not be asked: {error.what}", error.fix)
        return Result(self.name, *told, signal=self.signal)


def probe(name: str, *needs: str, signal: bool = False) -> Callable[[Look], Probe]:
    """Make the decorated function a probe of that name."""
    return lambda look: Probe(name, look, frozenset(needs), signal)


def numbers_agree(difference: float, rounding: float, harm: float) -> Outcome:
    """What a largest difference between numbers that should be the same means: rounding, a warning, or garbage."""
    if not difference <= harm:
        return "refused"
    return "ok" if difference <= rounding else "warning"
