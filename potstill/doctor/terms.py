"""Whether one may: a teacher's licence, and whether its terms let others train on what it says."""

from __future__ import annotations

from potstill.doctor.result import Result
from potstill.types import TeacherCard, is_barred, may_train


def licence(card: TeacherCard) -> Result:
    """Whether the licence is known."""
    if card.licence:
        return Result("licence", "ok", card.licence + (f", terms at {card.terms}" if card.terms else ""))
    return Result("licence", "warning", "not stated", "look it up, and set teachers.licence (an SPDX name) and teachers.terms")


def training(card: TeacherCard) -> Result:
    """Whether others may train on what it says."""
    name, said = "train on outputs", may_train(card)
    if is_barred(card):
        return Result(name, "refused", "its terms forbid it", "take another teacher")
    if said == "forbidden":
        return Result(name, "warning", f"its terms forbid it; the recipe goes on: {card.accept_terms}")
    if said == "allowed":
        stated = card.train_on_outputs == "allowed"
        return Result(name, "ok", "its terms allow it" if stated else f"{card.licence} sets no condition on outputs")
    seen = "its terms restrict it" if said == "restricted" else "not known"
    return Result(name, "warning", seen, "read its terms, and set teachers.train_on_outputs")
