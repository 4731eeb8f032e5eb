"""Whether one may: a teacher's licence, and whether its terms let others train on what it says."""

from __future__ import annotations

from potstill.doctor.result import Result
from potstill.types import TeacherCard

PERMISSIVE = frozenset({"Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC0-1.0", "CC-BY-4.0", "Unlicense"})
"""Licences (SPDX names) that set no condition on what a model's outputs are used for."""


def licence(card: TeacherCard) -> Result:
    """Whether the licence is known."""
    if card.licence:
        return Result("licence", "ok", card.licence + (f", terms at {card.terms}" if card.terms else ""))
    return Result("licence", "warning", "not stated", "look it up, and set teachers.licence (an SPDX name) and teachers.terms")


def training(card: TeacherCard) -> Result:
    """Whether its terms let others train on what it says."""
    name, said = "train on outputs", card.train_on_outputs
    if said == "forbidden":
        return Result(name, "refused", "its terms forbid it", "take another teacher")
    if said == "allowed":
        return Result(name, "ok", "its terms allow it")
    if said == "unknown" and card.licence in PERMISSIVE:
        return Result(name, "ok", f"{card.licence} sets no condition on outputs")
    seen = "its terms restrict it" if said == "restricted" else "not stated"
    return Result(name, "warning", seen, "read its terms, and set teachers.train_on_outputs")
