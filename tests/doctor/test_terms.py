"""Licence and terms."""

from __future__ import annotations

import pytest

from potstill.doctor.terms import licence, training
from potstill.types import TeacherCard


def test_a_licence_is_stated_or_not() -> None:
    assert licence(TeacherCard("a")).outcome == "warning"
    assert licence(TeacherCard("a", licence="MIT", terms="see-there")).seen == "MIT, terms at see-there"


@pytest.mark.parametrize(
    ("card", "outcome"),
    [
        (TeacherCard("a"), "warning"),
        (TeacherCard("a", licence="LicenseRef-other"), "warning"),
        (TeacherCard("a", licence="Apache-2.0"), "ok"),
        (TeacherCard("a", licence="apache-2.0"), "ok"),
        (TeacherCard("a", licence="Apache-2.0", endpoint="http://localhost:1"), "warning"),
        (TeacherCard("a", train_on_outputs="allowed"), "ok"),
        (TeacherCard("a", train_on_outputs="restricted", licence="MIT"), "warning"),
        (TeacherCard("a", train_on_outputs="forbidden", licence="MIT"), "refused"),
        (TeacherCard("a", train_on_outputs="forbidden", accept_terms="we own it"), "warning"),
    ],
)
def test_whether_others_may_train_on_what_it_says(card: TeacherCard, outcome: str) -> None:
    assert training(card).outcome == outcome


def test_terms_concern_text_too() -> None:
    assert not training(TeacherCard("a", train_on_outputs="forbidden")).signal


def test_why_it_is_allowed_is_said() -> None:
    assert training(TeacherCard("a", licence="MIT")).seen == "MIT sets no condition on outputs"
    assert training(TeacherCard("a", licence="MIT", train_on_outputs="allowed")).seen == "its terms allow it"
