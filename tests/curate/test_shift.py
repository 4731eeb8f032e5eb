from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from potstill import world
from potstill.curate.shift import SHIFT, difference, shift
from potstill.store.tables import from_rows
from potstill.types import Prompt

MATHS = world.prompts(["carry_addition", "word_problem"], 200, 1)
WAYS = world.prompts(["find_way"], 60, 1)
OTHERS = world.prompts(["carry_addition", "word_problem"], 100, 2, held=True)


def table(*sets: list[Prompt]) -> pa.Table:
    return from_rows([prompt for some in sets for prompt in some], Prompt)


def test_a_domain_that_training_lacks_is_told_with_how_much_to_add() -> None:
    found = shift(table(MATHS), table(OTHERS[:60], WAYS))
    row = next(row for row in found.table.to_pylist() if row["value"] == "planning.way")
    assert (row["training"], row["wild"], row["share_wild"]) == (0, 60, 0.5)
    assert 0.4 < row["low"] < row["difference"] < row["high"] < 0.6
    line = next(line for line in found.advice() if "'planning.way'" in line)
    assert "about 200 more prompts" in line
    assert found.more() == {"planning.way": 200}


def test_no_number_of_prompts_is_said_to_make_a_kind_all_of_training() -> None:
    found = shift(table(MATHS), table(WAYS))
    line = next(line for line in found.advice() if "'planning.way'" in line)
    assert line.endswith("about 3,800 more prompts of it would bring it to 95%")


def test_a_domain_that_is_asked_less_is_told() -> None:
    found = shift(table(MATHS), table(OTHERS[:60], WAYS))
    assert any("more is trained on than is asked" in line and "math.addition" in line for line in found.advice())


def test_sets_that_differ_are_told_apart_and_their_words_named() -> None:
    found = shift(table(MATHS), table(OTHERS[:60], WAYS))
    assert found.told_apart is not None
    assert found.told_apart.p < 0.001
    assert found.words is not None
    assert found.words.p < 0.05
    assert any("cellar" in line for line in found.advice())
    assert found.advice()[0].startswith("they differ")


def test_two_draws_of_one_kind_do_not_differ() -> None:
    found = shift(table(MATHS), table(OTHERS))
    assert found.told_apart is not None
    assert found.told_apart.p > 0.05
    assert found.words is not None
    assert found.words.p > 0.05
    assert found.words.missing == ()
    assert not any("more prompts" in line for line in found.advice())


def test_labels_that_a_sample_lacks_are_said_and_not_compared() -> None:
    bare = [replace(prompt, domain="") for prompt in OTHERS]
    found = shift(table(MATHS), table(bare))
    assert set(found.unlabelled) == {"domain", "language"}
    assert not any(row["kind"] == "domain" for row in found.table.to_pylist())
    assert any("for want of labels" in line for line in found.advice())


def test_longer_prompts_are_seen() -> None:
    found = shift(table(MATHS), table(WAYS))
    assert found.medians[1] > found.medians[0]
    assert any(row["kind"] == "length" and row["low"] > 0 for row in found.table.to_pylist())


def test_a_difference_by_hand() -> None:
    """Newcombe's example (1998, table II a): 56/70 less 48/80 is 0.2, 0.0524 to 0.3339."""
    found = difference(48, 80, 56, 70)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=1e-4)
    assert found.high == pytest.approx(0.3339, abs=1e-4)


def test_the_summary_is_plain_and_the_table_is_as_described() -> None:
    found = shift(table(MATHS), table(WAYS))
    assert found.table.schema == SHIFT
    told = found.summary()
    assert told["training"] == 200
    assert told["wild"] == 60
    assert told["told_apart"]["accuracy"]["value"] == 1.0
