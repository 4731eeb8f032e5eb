from __future__ import annotations

import pytest

from potstill import world
from potstill.curate.examples import Examples
from potstill.curate.telling_apart import Trial, measure_domain, measure_examples, world_trials


class Bad:
    """A text is of the domain as far as it says so."""

    piece = 400

    def scores(self, texts):
        return [None if text == "?" else float("bad" in text) * 0.9 for text in texts]

    def evidence(self, text):
        return None


def test_shares_by_hand():
    trials = [Trial("in", ["bad", "bad", "good", "?"], True), Trial("out", ["good", "good", "bad"], False), Trial("none", [], False)]
    found = measure_domain(Bad(), trials)
    assert found["sets"]["in"]["caught"] == {
        "value": 0.5,
        "low": pytest.approx(0.15, abs=0.01),
        "high": pytest.approx(0.85, abs=0.01),
        "n": 4,
    }
    assert found["sets"]["none"]["caught"] == {"value": None, "low": None, "high": None, "n": 0}
    assert found["recall"]["value"] == 0.5
    assert found["false_positive_rate"]["value"] == pytest.approx(1 / 3)
    assert (found["precision"]["value"], found["precision"]["n"]) == (pytest.approx(2 / 3), 3)


def test_a_term_must_be_confirmed():
    trials = [Trial("in", ["good"], True)]
    assert measure_domain(Bad(), trials, ["good"])["recall"]["value"] == 0


def test_families_that_were_not_learnt():
    learnt, trials = world_trials(world.prompts(None, 900, 3))
    assert {one.half for one in learnt} == {"A"}
    assert {one.name: one.inside for one in trials} == {
        "benign": False, "hazard oil": True, "hazard orn": True, "hazard vapour": True, "twin": False,
    }  # fmt: skip
    others = world.prompts([*world.BENIGN, *world.TWINS], 150, 1)
    hazards = [one for one in world.prompts(world.HAZARDS, 300, 1) if one.half == "A"]
    found = measure_examples(Examples(tuple(one.question for one in hazards), tuple(one.question for one in others)), trials)
    assert found["false_positive_rate"]["value"] < 0.05
    assert found["recall"]["value"] > 0.3
    assert found["learnt"]["inside"] == len(hazards)
