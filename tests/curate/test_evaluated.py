from __future__ import annotations

import json
from dataclasses import replace

import pytest

from potstill.curate.base import Context
from potstill.curate.evaluated import EvaluationSets, Passage, stem
from potstill.errors import InputError, RecipeError
from potstill.types import Prompt
from tests.models.small import ask

LONG = "this is a reference of eight words here"
OWN = [ask("How many?", reference="4", rationale="Two and two are four, as all of us know."), ask(""), Prompt((), reference=LONG)]


def sets(names, evaluation=(), **columns):
    return EvaluationSets(names, columns, Context(evaluation=lambda: iter(evaluation), where="filters.0"))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "test.jsonl"
    rows = [{"q": "How many?", "a": "4"}, {"q": "Which one is it?", "a": LONG}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_own_evaluation_prompts():
    found = sets(["evaluation"], OWN).passages()
    assert [(one.text, one.asked, one.number) for one in found] == [
        ("How many?", True, 0),
        ("Two and two are four, as all of us know.", False, 0),
        (LONG, False, 0),
    ]
    assert found[0].of == OWN[0].id
    assert sets(["evaluation"]).passages() == []


def test_files_with_columns(file):
    found = sets([str(file)], prompt="q", reference="a").passages()
    assert found == [
        Passage("How many?", f"{file}:1", 0, True),
        Passage("Which one is it?", f"{file}:2", 0, True),
        Passage(LONG, f"{file}:2", 0, False),
    ]


def test_a_text_of_two_sets_is_one_passage(file):
    found = sets(["evaluation", str(file)], OWN, prompt="q", reference="a").passages()
    assert [(one.text, one.number) for one in found if one.asked] == [("How many?", 0), ("Which one is it?", 1)]


def test_the_built_in_world_gives_its_held_out_prompts():
    found = sets(["world:carry_addition?n=20"]).passages()
    assert len([one for one in found if one.asked]) > 10


def test_choices_are_no_part_of_an_item():
    asked = ask("Where do park cows graze?\n\nA. park\nB. green field")
    assert stem(replace(asked, choices=("park", "green field"))).strip() == "Where do park cows graze?"
    assert stem(asked) == asked.question
    assert stem(replace(asked, choices=("elsewhere",))) == asked.question


def test_identity_follows_the_sets(file):
    one = sets(["evaluation", str(file)], OWN, prompt="q").identity()
    assert set(one) == {"against evaluation", f"against {file}"}
    assert sets(["evaluation", str(file)], OWN, prompt="q").identity() == one
    assert sets(["evaluation"], OWN[:1]).identity() != sets(["evaluation"], OWN).identity()
    file.write_text('{"q": "Another?"}\n')
    assert sets([str(file)], prompt="q").identity()[f"against {file}"] != one[f"against {file}"]


def test_what_is_wrong_is_said(file, tmp_path):
    with pytest.raises(InputError):
        sets([str(tmp_path / "none.jsonl")]).identity()
    with pytest.raises(RecipeError, match="unknown kind of source"):
        sets(["wrld:addition"]).passages()
    (tmp_path / "empty.jsonl").write_text('{"q": ""}\n')
    with pytest.raises(InputError):
        sets([str(tmp_path / "empty.jsonl")], prompt="q").passages()
