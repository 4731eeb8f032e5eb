"""Estimates, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.check.estimate import TURN, Counts, Machine, Size, bill, cost, cpu, estimate, gpu
from potstill.check.revising import revising
from potstill.recipe import Recipe, parse

RECIPE = """
name = "x"
[student]
model = "new:llama"
[[teachers]]
model = "world:base"
top_k = 4
[prompts]
sources = ["world:math"]
[generate]
n = 2
max_new_tokens = 10
[train]
epochs = 3
batch_tokens = 100
[evaluate]
max_new_tokens = 20
"""
MACHINE = Machine("a machine", units=2, training=1000.0, answering=500.0, price=0.36)
TEACHER, STUDENT = Size("t", 50), Size("s", 10, layers=2, hidden=4)
COUNTS = Counts(
    prompts=30, characters=900, evaluation=5, evaluation_characters=60, answered=5, in_both=0, most_tokens=950, most_evaluation_tokens=70
)


def recipe(*overrides: str) -> Recipe:
    return parse(RECIPE, overrides=overrides)


def test_generating() -> None:
    take = estimate(recipe(), [TEACHER], STUDENT, COUNTS, MACHINE)[0]
    assert take.tokens == 900 / 3 + 30 * 2 * 10
    assert take.operations == 2 * 50 * 900
    assert take.seconds == 2 * 50 * 900 / (500 * 2)
    assert take.memory == 50 * 4
    assert take.disk == 600 * (4 * 8 + 8)


def test_scoring_writes_nothing_new() -> None:
    take = estimate(recipe("generate.mode=score", "generate.n=1"), [TEACHER], STUDENT, COUNTS, MACHINE)[0]
    assert take.tokens == 300
    assert take.disk == 300 * (4 * 8 + 8)


def test_training_by_epochs_by_steps_and_beside_a_live_teacher() -> None:
    by_epochs = estimate(recipe(), [TEACHER], STUDENT, COUNTS, MACHINE)[1]
    assert by_epochs.tokens == 3 * 2 * (300 + 30 * 10)
    assert by_epochs.operations == 6 * 10 * by_epochs.tokens
    assert by_epochs.memory == 16 * 10 + 68 * 100 * 2 * 4
    by_steps = estimate(recipe("train.epochs=", "train.steps=7", "train.accumulate=2"), [TEACHER], STUDENT, COUNTS, MACHINE)[1]
    assert by_steps.tokens == 7 * 2 * 100
    live = estimate(recipe('train.losses=[{teacher = "live"}]'), [TEACHER], STUDENT, COUNTS, MACHINE)[1]
    assert live.operations == (6 * 10 + 2 * 50) * live.tokens
    assert live.memory == 16 * 10 + 68 * 100 * 2 * 4 + 50 * 4


def test_evaluating() -> None:
    take = estimate(recipe(), [TEACHER], STUDENT, COUNTS, MACHINE)[2]
    by_one = (60 / 3 + 5 * 20) * 2
    assert take.tokens == 3 * by_one
    assert take.operations == 2 * (50 + 2 * 10) * by_one


def test_the_price_is_that_of_all_units() -> None:
    takes = estimate(recipe(), [TEACHER], STUDENT, COUNTS, MACHINE)
    seconds = sum(take.seconds or 0 for take in takes)
    assert cost(takes, MACHINE) == pytest.approx(seconds / 3600 * 2 * 0.36)


def test_what_cannot_be_told_is_none() -> None:
    nothing = Counts(None, None, None, None, None, None)
    takes = estimate(recipe(), [Size("hub", None)], STUDENT, nothing, MACHINE)
    assert [take.seconds for take in takes] == [None, None, None]
    assert cost(takes, MACHINE) is None


def test_the_machines() -> None:
    assert cpu(1).name == "1 CPU core"
    assert cpu(2).units == 2
    assert gpu("H200").units == 1


def test_what_endpoints_are_paid() -> None:
    hosted = ('teachers.0.model="https://example.org/v1#m"', "teachers.0.price={input = 3, output = 10}")
    read = 2 * 950 + 70  # two draws read each prompt anew, and the evaluation's once
    written = 30 * 2 * 10 + 5 * 20
    assert bill(recipe(*hosted), COUNTS) == pytest.approx((read * 3 + written * 10) / 1e6)
    tried_again = recipe(*hosted, 'generate.best_of={judge = "answer", rounds = 3}')
    assert bill(tried_again, COUNTS) == pytest.approx(((6 * 950 + 70) * 3 + (30 * 6 * 10 + 100) * 10) / 1e6)
    told = recipe(*hosted, "generate.context=Hello", "teachers.0.parameters={max_completion_tokens = 40}")
    assert bill(told, COUNTS) == pytest.approx(((2 * (950 + 30 * (5 + TURN)) + 70) * 3 + (30 * 2 * 40 + 5 * 40) * 10) / 1e6)
    assert bill(recipe(hosted[0]), COUNTS) is None
    assert bill(recipe(), COUNTS) == 0


def test_what_endpoints_are_paid_for_scoring() -> None:
    def paid(dialect: str, *overrides: str, others: str = "") -> float | None:
        server = f'{{model = "https://example.org/v1#m", dialect = "{dialect}", tokenizer = "world:a", price = {{input = 1, output = 1}}}}'
        return bill(recipe(f"teachers=[{server}{others}]", *overrides), COUNTS)

    answered = 2 * 950 + 70 + 30 * 2 * 10 + 5 * 20
    anew = 2 * (950 + 30 * 10) + 2 * 30  # each draw is read with its prompt; a token is written
    assert paid("sglang") == pytest.approx(answered / 1e6)
    assert paid("sglang", "generate.temperature=0.7") == pytest.approx((answered + anew) / 1e6)
    committee = ("generate.committee=true",)
    assert paid("vllm", *committee, others=', {model = "world:math"}') == pytest.approx((answered + anew) / 1e6)
    one_by_one = 2 * (10 * 950 + 30 * 10 * 9 / 2) + 2 * 30 * 10
    assert paid("llama_cpp", *committee, others=', {model = "world:math"}') == pytest.approx((answered + one_by_one) / 1e6)
    score = ("generate.mode=score", "generate.n=1")
    assert paid("vllm", *score) == pytest.approx((950 + 30 + 70 + 100) / 1e6)
    assert paid("llama_cpp", *score) is None


def test_revisions_are_counted_as_if_every_answer_needed_all(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('[[rules]]\nname = "sums"\ntext = "Be exact."\nkind = "arithmetic"\n')
    price = "teachers.0.price={input = 3, output = 10}"
    hosted = ("teachers.0.model=https://example.org/v1#m", price)
    told = f'generate.revision={{constitution = "{tmp_path}/rules.toml", rounds = 2}}'
    more = revising(recipe(told).generate.revision, 10, TURN)
    before, after = bill(recipe(*hosted), COUNTS), bill(recipe(*hosted, told), COUNTS)
    assert after - before == pytest.approx(2 * ((950 * more.prompts + 30 * more.read) * 3 + 30 * more.written * 10) / 1e6)
    assert more.written == 2 * 2 * 10
    plain, revised = (estimate(one, [TEACHER], STUDENT, COUNTS, MACHINE)[0].tokens for one in (recipe(), recipe(told)))
    assert revised - plain == pytest.approx(2 * (900 * more.prompts / 3 + 30 * more.read + 30 * more.written))
