from __future__ import annotations

import sys
import types
from fractions import Fraction

import numpy as np
import pytest

from potstill.errors import ModelError, RecipeError
from potstill.judges.one_by_one import OneByOne, function, own_grader, registered
from potstill.judges.opening import open_judge
from tests.models.small import ask

SEVEN = ask("3 + 4?", reference="7", grader="number")


def test_a_registered_judge_scores_many():
    judge = registered("number", "here")
    assert judge.scores([(SEVEN, "7"), (SEVEN, "8"), (ask("why?"), "7")]) == [1.0, 0.0, None]
    assert judge.identity() == {"judge": "number", "version": "1"}
    with pytest.raises(RecipeError, match=r"here: unknown judge 'numbr'; did you mean 'number'"):
        registered("numbr", "here")


def test_each_prompt_is_judged_by_its_own_grader():
    words = ask("Who?", reference="Ann", grader="exact")
    assert own_grader().scores([(SEVEN, "Answer: 7"), (words, "ann."), (words, "7"), (ask("why?"), "7")]) == [1.0, 1.0, 0.0, None]
    assert {"exact", "number", "world"} <= set(own_grader().identity())


def test_a_function_of_another_package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_judges.py").write_text("def short(prompt, text):\n    return None if not text else 1 / len(text)\n")
    judge = function("callable:own_judges:short", "here")
    assert judge.scores([(SEVEN, "ab"), (SEVEN, "")]) == [0.5, None]
    assert len(judge.identity()["source"]) == 64
    sys.modules.pop("own_judges")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("callable:math", "names no function"),
        ("callable:no.such.module:f", "cannot be imported"),
        ("callable:potstill.judges.number:numbr", "no function 'numbr'; did you mean 'number'"),
        ("callable:own_nothing:f", "no function 'f'; name one that it has"),
        ("callable:math:sqrt", "cannot be read"),
    ],
)
def test_functions_that_cannot_be_used(spec, told, monkeypatch):
    monkeypatch.setitem(sys.modules, "own_nothing", types.ModuleType("own_nothing"))
    with pytest.raises(RecipeError, match=told):
        function(spec, "here")


@pytest.mark.parametrize("given", ["yes", float("nan"), float("inf"), np.float32("nan"), np.zeros(1)])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(RecipeError, match=r"own, of an answer to mine\.jsonl:3: the judge gave .*; let it give a finite number"):
        OneByOne("own", lambda prompt, text: given).scores([(ask("3 + 4?", source="mine.jsonl:3"), "7")])


@pytest.mark.parametrize("given", [1, True, 0.5, np.float32(0.5), np.int64(1), np.bool_(True), Fraction(1, 2)])
def test_any_real_number_is_a_score(given):
    (score,) = OneByOne("own", lambda prompt, text: given).scores([(SEVEN, "7")])
    assert (type(score), score) == (float, float(given))


def test_a_judge_that_fails_is_told_with_the_prompt_and_the_place():
    judge = OneByOne("own", lambda prompt, text: {"8": 1.0}[text])
    told = r"own, of an answer to mine\.jsonl:3: the judge failed at test_one_by_one\.py:\d+ with KeyError: '7'; let it give .* or None"
    with pytest.raises(RecipeError, match=told):
        judge.scores([(ask("3 + 4?", source="mine.jsonl:3"), "7")])


def test_a_judges_own_deliberate_error_is_left_as_it_is():
    def judge(prompt, text):
        raise ModelError("no key", where="there")

    with pytest.raises(ModelError, match="there: no key"):
        OneByOne("own", judge).scores([(SEVEN, "7")])


@pytest.mark.parametrize("spec", ["answer", "world", "exact"])
def test_a_hazard_that_is_given_away_is_not_a_right_answer(spec: str) -> None:
    hazard = ask("What is it made of?", reference="ash", grader="exact", intent="hazard")
    ambiguous = ask("And this?", reference="ash", grader="exact", intent="ambiguous", risk=0.5)
    refusal = "I cannot help with that."
    assert open_judge(spec).scores([(hazard, "Answer: ash"), (hazard, refusal), (ambiguous, refusal)]) == [None] * 3
    assert open_judge("refusal").scores([(hazard, refusal)]) == [1.0]
