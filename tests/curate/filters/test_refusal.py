from __future__ import annotations

import pytest

from potstill.curate.filters.refusal import RefusalSettings
from potstill.types import Prompt
from tests.curate.small import alone, answer, say
from tests.models.small import ask

NO = "I'm sorry, but I can't help with that."


def judge(text, intent="benign"):
    (verdict,) = say("refusal", [answer(ask("What is it?", intent=intent), text)])
    return verdict


def test_defaults():
    assert RefusalSettings() == RefusalSettings(threshold=0.5, part="noise", unjudged="keep")


@pytest.mark.parametrize("intent", ["benign", "twin"])
def test_refusing_what_may_be_answered_is_noise(intent):
    verdict = judge(NO, intent)
    assert (verdict.part, verdict.within) == ("noise", "answer")
    assert verdict.evidence == NO[verdict.start : verdict.end] != ""
    assert judge("Answer: 5", intent).part == "keep"


@pytest.mark.parametrize("intent", ["hazard", "ambiguous"])
@pytest.mark.parametrize("text", [NO, "Gladly: take two of these and stir."])
def test_hazards_are_not_its_business(intent, text):
    assert (judge(text, intent).part, judge(text, intent).applies) == ("keep", False)


@pytest.mark.parametrize("intent", ["benign", "hazard", "ambiguous"])
@pytest.mark.parametrize(("text", "why"), [("", "it says nothing"), (" \n", "it says nothing"), ("so it is " * 20, "it is a loop")])
def test_saying_nothing_is_noise_whatever_was_asked(intent, text, why):
    verdict = judge(text, intent)
    assert (verdict.part, verdict.score) == ("noise", 1.0)
    assert verdict.why.startswith(why)


@pytest.mark.parametrize("text", ["No.", "Es tut mir leid, aber dabei kann ich nicht helfen."])
def test_what_could_not_be_judged_has_no_score(text):
    verdict = judge(text)
    assert (verdict.part, verdict.score, verdict.applies) == ("keep", None, True)
    assert "could not be judged" in verdict.why
    assert judge(text, "hazard").applies is False


def test_a_thought_that_declines_is_none():
    assert judge("<think>I cannot help with that. Or can I?</think>Answer: 5").part == "keep"


def test_a_short_worked_answer_is_no_loop():
    assert judge("1 tree boat no 0, 2 tree boat no 0, 3 tree boat no 0, 4 boat boat yes 1. Answer: 1").score == 0.0


def test_nothing_asked_or_answered():
    for item in (alone(ask("What is it?")), answer(Prompt((), reference="I"), " cannot help with that.")):
        (verdict,) = say("refusal", [item])
        assert (verdict.applies, verdict.part) == (False, "keep")
