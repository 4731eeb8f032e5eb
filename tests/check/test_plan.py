"""The plan that `potstill check` shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from potstill.check import plan
from potstill.check.plan import Plan
from potstill.errors import InputError, RecipeError
from potstill.recipe import load, parse
from tests.e2e.still import TINY
from tests.models.small import write_model


@pytest.fixture(scope="module")
def planned() -> Plan:
    """The plan of the tiny recipe."""
    return plan(load(TINY))


def test_the_lines_hold_the_recipe_the_parts_and_the_numbers(planned: Plan) -> None:
    text = "\n".join(planned.lines())
    assert parse(text.split("\n         parameters")[0]) == planned.recipe
    assert "teacher  0           answers" in text
    assert "student  23,088" in text
    assert "filters.0        filter answer" in text
    assert "prompts: 64 for the teachers, 8 to measure on" in text
    assert "USD" in text
    assert "assumed: 2.5e+10 operations a second" in text


def test_the_facts_are_plain(planned: Plan) -> None:
    facts = json.loads(json.dumps(planned.facts()))
    assert facts["student"]["parameters"] == 23_088
    assert facts["counts"]["prompts"] == 64
    assert [take["stage"] for take in facts["takes"]] == ["generate", "train", "evaluate"]
    assert facts["warnings"] == []


def test_slips_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "a"}\n')
    more = tmp_path / "q.jsonl"
    more.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    both = plan(load(TINY, [f'prompts.sources=["{more}"]', f'evaluate.sources=["{file}"]', 'prompts.grader="number"']))
    assert list(both.warnings()) == ["1 prompts of [prompts] also validate or evaluate; they will not be trained on"]
    assert both.lines()[-1].startswith("warning: 1 prompts")


def test_what_a_run_would_refuse_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "a"}\n')
    with pytest.raises(RecipeError, match="the suite 'capability' has nothing to measure: none of the evaluation prompts is a harmless"):
        plan(load(TINY, [f'evaluate.sources=["text:{file}"]']))
    with pytest.raises(RecipeError, match="no teacher for the domain"):
        plan(load(TINY, ['teachers.0.domains=["cookery"]']))
    with pytest.raises(InputError, match="this prompt is a conversation"):
        plan(load(TINY, ["teachers.0.model=world:base", "generate.mode=score"]))


def test_a_larger_student_is_warned_of(tmp_path: Path) -> None:
    larger = plan(load(TINY, [f"teachers.0.model=hf:{write_model(tmp_path / 'small')}", "student.config.hidden_size=256"]))
    assert list(larger.warnings()) == ["the student is larger than a teacher"]


def test_terms_that_are_accepted_are_warned_of() -> None:
    told = plan(load(TINY, ["teachers.0.train_on_outputs=forbidden", "teachers.0.accept_terms=we own it"])).warnings()
    assert [line for line in told if "forbid training on its answers, and the recipe accepts that: we own it" in line]


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan(load(TINY))
    assert list(tmp_path.rglob("*")) == []


def test_keys_that_are_not_set_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POTSTILL_TEST_KEY", raising=False)
    teacher = '{model = "http://localhost:1/v1#m", api_key_env = "POTSTILL_TEST_KEY", top_k = 0}'
    told = [line for line in plan(load(TINY, [f"teachers=[{teacher}]"])).lines() if line.startswith("warning: ")]
    assert told[-1:] == ["warning: http://localhost:1/v1#m: the environment variable POTSTILL_TEST_KEY, which holds its key, is not set"]


def test_what_endpoints_are_paid_is_told_with_what_it_leaves_out() -> None:
    teacher = '{model = "http://localhost:1/v1#m", price = {input = 0.001, output = 0.002}}'
    [told] = [line for line in plan(load(TINY, [f"teachers=[{teacher}]", "student.tokenizer=world:a"])).lines() if "paid at most" in line]
    assert re.fullmatch(
        r"endpoints are paid at most 0\.0*[1-9]\d* USD by the recipe's prices, without the doctor's, a judge's and repeated requests", told
    )
