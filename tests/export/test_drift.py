from __future__ import annotations

import pytest

from potstill.export.drift import TOKENS, drift, student_texts
from potstill.types import Scorecard
from tests.evaluate.setting import items, model, plain

PROMPTS = [*items("carry_addition", n=3), plain("Ann has 3 apples. Bo has 12 pens."), plain("x" * 500)]


def test_the_student_itself_has_not_drifted_and_another_has() -> None:
    student = model(0)
    card = Scorecard(tuple(drift(student, {"same": student.head, "other": model(1).head}, PROMPTS)))
    assert card.find("drift_kl", "same").value == pytest.approx(0, abs=1e-6)
    assert card.find("drift_agreement", "same").value == 1.0
    assert card.find("drift_kl", "other").value > 0.01
    tokens = sum(len(row.input_ids) - row.loss_from for row in student_texts(student, PROMPTS))
    assert card.find("drift_kl", "other").n == tokens


def test_texts_are_the_students_answers_and_the_plain_texts_that_fit() -> None:
    rows = student_texts(model(0), PROMPTS)
    assert len(rows) == 4
    assert all(len(row.input_ids) - row.loss_from <= TOKENS for row in rows[:3])
    assert rows[3].loss_from == 1


def test_without_prompts_nothing_is_measured() -> None:
    student = model(0)
    finding = drift(student, {"int8": student.head}, [])[0]
    assert (finding.value, finding.by) == (None, "not measured: there are no prompts")
