"""Candidates at work on a recipe's prompts."""

from __future__ import annotations

import json

import pytest

from potstill.compare import compare_teachers
from potstill.recipe import load
from tests.house import tree

SELECTIVE = tree.ROOT / "recipes" / "selective.toml"
FEWER = ['evaluate.sources=["world:carry_addition?n=12","world:sealed_recipe?n=24"]', "generate.batch_size=64"]


@pytest.fixture(scope="module")
def found():
    return compare_teachers(load(SELECTIVE, FEWER), ["world:base", "world:safety"], 12)


def test_a_teacher_that_leaks_is_not_recommended(found):
    assert found.recommendation.name == "world:safety"
    assert found.recommendation.others["world:base"].startswith("clearly worse: world:safety is ")
    assert "most of it on hazard prompts" in found.recommendation.others["world:base"]
    assert found.divergences["world:base"] > 0.5
    assert 0.3 < found.agreements["world:base", "world:safety"] < 0.7


def test_facts_are_json_and_lines_tell_them(found):
    facts = json.loads(json.dumps(found.facts()))
    assert facts["recommended"] == "world:safety"
    assert facts["asked"] == {"capability": 12, "hazard": found.asked["hazard"]}
    assert {one["name"]: one["marks"]["hazard"]["mean"] for one in facts["candidates"]} == {"world:base": 0.0, "world:safety": 1.0}
    lines = "\n".join(found.lines())
    assert "recommended: world:safety" in lines
    assert "not world:base: clearly worse" in lines
    assert "KL from world:safety" in lines


def test_a_candidate_that_cannot_be_used_is_not_asked():
    recipe = load(SELECTIVE, [*FEWER, 'student.tokenizer="world:b"'])
    found = compare_teachers(recipe, ["world:base"], 4)
    assert found.recommendation.name is None
    assert found.performances[0].texts == ()
    assert "recommended: none" in "\n".join(found.lines())
