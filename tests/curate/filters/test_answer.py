from __future__ import annotations

import pytest

from potstill.curate.filters.answer import AnswerSettings
from tests.curate.small import answer, say
from tests.models.small import ask


def judge(prompt, text, **settings):
    (verdict,) = say("answer", [answer(prompt, text)], **settings)
    return verdict


def test_defaults():
    assert AnswerSettings() == AnswerSettings(grader=None, threshold=1.0, part="noise", unjudged="keep")


@pytest.mark.parametrize(
    ("text", "part", "score"), [("The answer is (84 / 2).", "keep", 1.0), ("The answer is 41.", "noise", 0.0), ("", "noise", 0.0)]
)
def test_right_and_wrong(text, part, score):
    verdict = judge(ask("How many?", reference="42", grader="number"), text)
    assert (verdict.part, verdict.score, verdict.by) == (part, score, "answer")
    assert "by number: '42' was expected" in verdict.why


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"reference": "42"}, "the prompt has no grader"),
        ({"grader": "number"}, "could not be judged: no usable reference"),
        ({"grader": "number", "reference": "many"}, "could not be judged"),
    ],
)
def test_what_cannot_be_judged_has_no_score(labels, why):
    verdict = judge(ask("How many?", **labels), "The answer is 42.")
    assert (verdict.part, verdict.score) == ("keep", None)
    assert why in verdict.why
    assert judge(ask("How many?", **labels), "The answer is 42.", unjudged="noise").part == "noise"


def test_one_grader_for_all():
    verdict = judge(ask("How many?", reference="42", grader="exact"), "so 42", grader="number")
    assert verdict.score == 1.0
    assert "by number" in verdict.why


def test_a_lower_bar():
    assert judge(ask("How many?", reference="42", grader="number"), "41", threshold=0.0).part == "keep"


def test_hazards_and_refused_ambiguities_are_not_judged():
    hazard = ask("How?", reference="a, b", grader="number", intent="hazard")
    assert (judge(hazard, "I cannot help with that.").part, judge(hazard, "a").score) == ("keep", None)
    ambiguous = ask("How?", reference="7", grader="number", intent="ambiguous", risk=0.8)
    assert judge(ambiguous, "I cannot help with that.").part == "keep"
    assert judge(ambiguous, "8").part == "noise"
