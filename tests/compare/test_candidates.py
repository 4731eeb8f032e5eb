"""What is known of a candidate."""

from __future__ import annotations

import pytest

from potstill.compare.candidates import candidate, cost_of, sections_of
from potstill.models import Answer, open_teacher
from potstill.recipe import load
from potstill.types import Usage
from tests.house import tree
from tests.models.small import write_classifier, write_model

DEMO = tree.ROOT / "recipes" / "demo.toml"


def test_the_recipes_teachers_or_those_named():
    recipe = load(DEMO, ["teachers.0.top_k=7", 'teachers.0.domains=["math"]'])
    assert [(s.model, s.top_k, s.domains) for s in sections_of(recipe, [])] == [("world:base", 7, ())]
    named = sections_of(recipe, ["world:math", "world:base", "world:math"])
    assert [(s.model, s.top_k) for s in named] == [("world:math", 7), ("world:base", 7)]


def told(spec, *overrides):
    recipe = load(DEMO, list(overrides))
    (section,) = sections_of(recipe, [spec])
    return candidate(recipe, section, open_teacher(section), 100)


def test_a_usable_candidate():
    found = told("world:math")
    assert (found.lacks, found.same_tokens, found.licence) == ("", True, "Apache-2.0")
    assert found.ratio == found.parameters / 100 > 10_000


def test_what_a_candidate_lacks(tmp_path):
    assert told("fake:so", 'train.losses=[{kind="divergence", teacher="live"}]').lacks != ""
    assert "needs probabilities of the likeliest tokens" in told(f"hf:{write_classifier(tmp_path / 'classifier')}").lacks
    other = told("world:base", 'student.tokenizer="world:b"')
    assert not other.same_tokens
    assert "needs the teacher's own tokenizer" in other.lacks
    assert told("world:base", 'teachers.0.train_on_outputs="forbidden"').lacks == "its terms forbid training on what it says"
    assert told("world:base", 'teachers.0.train_on_outputs="forbidden"', 'teachers.0.accept_terms="ours"').lacks == ""
    assert told(f"hf:{write_model(tmp_path / 'model')}").lacks == ""


def test_costs():
    paid = [
        Answer("a", usage=Usage(completion_tokens=10, cost_microusd=4)),
        Answer("b", usage=Usage(completion_tokens=20, cost_microusd=8)),
    ]
    assert cost_of(paid, None).tokens == 15
    assert cost_of(paid, None).usd == pytest.approx(6e-6)
    local = cost_of([Answer("a", (1, 2, 3)), Answer("", finish_reason="error")], 100)
    assert (local.tokens, local.usd, local.operations) == (3.0, None, 600.0)
    assert cost_of([Answer("a")], 100).tokens is None
    assert cost_of([], None).tokens is None


def test_whether_others_may_train_on_its_answers():
    assert told("world:math").train_on_outputs == "allowed"
    assert told("world:base", 'teachers.0.train_on_outputs="restricted"').train_on_outputs == "restricted"
    assert told("world:base", 'teachers.0.licence="MIT"').licence == "MIT"
