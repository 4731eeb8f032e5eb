from __future__ import annotations

import math
from dataclasses import replace

import pytest

from potstill.curate.filters.disagreement import DisagreementSettings
from potstill.models.scorings import Scoring
from tests.curate.small import alone, answer, say
from tests.curate.test_apart import outlook
from tests.models.small import ask

ITEM = answer(ask("What is it?"), "a b")


def judge(*seen, tokens=(), **settings):
    heard = tuple(Scoring(ITEM.id, f"{number}", "teacher_forced", one, tokens) for number, one in enumerate(seen))
    (verdict,) = say("disagreement", [replace(ITEM, scorings=heard)], **settings)
    return verdict


def test_defaults():
    assert DisagreementSettings() == DisagreementSettings(threshold=0.2, part="noise", unjudged="keep")


def test_the_mean_over_the_tokens():
    verdict = judge(outlook({1: 1.0}, {1: 1.0}), outlook({1: 1.0}, {2: 1.0}))
    assert (verdict.part, verdict.score) == ("noise", pytest.approx(math.log(2) / 2))
    assert verdict.why == "2 teachers are 0.347 nats a token apart"
    assert verdict.evidence == "token 1: 0.693 nats"
    assert judge(outlook({1: 1.0}), outlook({1: 0.9, 2: 0.1})).part == "keep"


def test_of_three_teachers():
    assert judge(*(outlook({number: 1.0}) for number in range(3))).score == pytest.approx(math.log(3))


def test_what_cannot_be_compared():
    sure = outlook({1: 1.0})
    for verdict in (judge(), judge(sure), judge(sure, sure, tokens=(1,)), judge(sure, replace(sure, codec="hidden_states"))):
        assert (verdict.part, verdict.score, verdict.applies) == ("keep", None, True)
    (verdict,) = say("disagreement", [alone(ITEM.prompt)])
    assert not verdict.applies
