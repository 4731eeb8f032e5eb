from __future__ import annotations

import random
from dataclasses import replace

import pytest

from potstill.curate.base import Context
from potstill.curate.filters.terms import TermsFilter, TermsSettings
from potstill.types import TeacherCard
from tests.curate.small import alone, answer, parts, say
from tests.models.small import ask

CARDS = {
    "open": TeacherCard("a", licence="MIT"),
    "closed": TeacherCard("b", train_on_outputs="forbidden"),
    "ours": TeacherCard("b", train_on_outputs="forbidden", accept_terms="we own it"),
    "half": TeacherCard("c", train_on_outputs="restricted"),
    "dark": TeacherCard("d"),
}
CONTEXT = Context(teachers={card.id: card for card in CARDS.values()})


def said(who, licence=""):
    item = answer(replace(ask("a?"), licence=licence), "yes")
    return replace(item, trace=replace(item.trace, teacher_id=CARDS[who].id, teacher=CARDS[who].name))


def test_defaults():
    assert TermsSettings() == TermsSettings(threshold=0.5, part="noise", unjudged="keep", restricted="unknown", allow=(), deny=())


@pytest.mark.parametrize(
    ("who", "part", "score"),
    [("open", "keep", 0.0), ("closed", "noise", 1.0), ("ours", "keep", 0.0), ("half", "keep", None), ("dark", "keep", None)],
)
def test_teachers(who, part, score):
    (verdict,) = say("terms", [said(who)], CONTEXT)
    assert (verdict.part, verdict.score, verdict.evidence) == (part, score, CARDS[who].name)


def test_an_accepted_teacher_says_why():
    assert say("terms", [said("ours")], CONTEXT)[0].why.endswith("which the recipe accepts: we own it")


def test_what_conditions_count_as():
    assert parts(say("terms", [said("half")], CONTEXT, restricted="forbidden")) == ["noise"]
    assert parts(say("terms", [said("half")], CONTEXT, unjudged="noise")) == ["noise"]
    assert say("terms", [said("half")], CONTEXT, restricted="allowed")[0].score == 0


def test_an_unknown_teacher():
    assert say("terms", [said("open")])[0].score is None


@pytest.mark.parametrize(
    ("licence", "score"),
    [
        ("MIT", 0.0),
        ("mit", 0.0),
        ("GPL-3.0", 1.0),
        ("MIT OR GPL-3.0", 0.0),
        ("MIT AND GPL-3.0", 1.0),
        ("CC-BY-NC-4.0", 1.0),
        ("CC-BY-4.0", 0.0),
        ("", None),
    ],
)
def test_licences_of_prompts(licence, score):
    (verdict,) = say("terms", [alone(replace(ask("a?"), licence=licence))], allow=["MIT", "CC-BY-*"], deny=["cc-by-nc-*"])
    assert (verdict.score, verdict.evidence) == (score, licence)


def test_the_worse_of_the_two_counts():
    assert say("terms", [said("open", "GPL-3.0")], CONTEXT, deny=["gpl-*"])[0].score == 1
    assert say("terms", [said("open", "")], CONTEXT, deny=["gpl-*"])[0].score is None
    assert say("terms", [said("closed", "")], CONTEXT, deny=["gpl-*"])[0].score == 1


def test_a_prompt_alone_is_not_judged_without_licences():
    (verdict,) = say("terms", [alone(ask("a?"))])
    assert (verdict.part, verdict.applies) == ("keep", False)


def test_faults_are_found():
    settings = {"allow": ["MIT"], "deny": ["cc-by-nc-*"]}
    clean = [said("open", "MIT"), alone(replace(ask("b?"), licence="MIT"))]
    faults = list(TermsFilter(TermsSettings.model_validate(settings), CONTEXT).faults(clean, random.Random(0)))
    assert set(parts(say("terms", [fault.item for fault in faults], CONTEXT, **settings))) == {"noise"}
    assert not list(TermsFilter(TermsSettings(), CONTEXT).faults(clean, random.Random(0)))
