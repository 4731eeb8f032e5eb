from __future__ import annotations

import pytest

from potstill import world
from potstill.curate.ngrams import divergence

MATHS = [prompt.question for prompt in world.prompts(["carry_addition"], 80, 1)]
WAYS = [prompt.question for prompt in world.prompts(["find_way"], 40, 1)]


def test_texts_without_a_word_in_common_are_one_bit_apart() -> None:
    assert divergence(["a b"] * 5, ["c d"] * 5).value == pytest.approx(1.0)


def test_equal_texts_are_nowhere_apart() -> None:
    found = divergence(["a b", "c"], ["a b", "c"])
    assert found.value == pytest.approx(0.0)
    assert found.p == 1.0


def test_a_value_by_hand() -> None:
    """Words alone: P = (1/2, 1/2), Q = (1, 0), M = (3/4, 1/4)."""
    expected = (0.5 * (0.5849625 * -1 + 1.0) + 0.4150375) / 2
    assert divergence(["fig", "plum"], ["fig"]).value == pytest.approx(expected, abs=1e-6)


def test_halves_of_one_set_are_no_further_apart_than_chance() -> None:
    found = divergence(MATHS[::2], MATHS[1::2], 3)
    assert found.p > 0.05
    assert found.value <= found.chance_high


def test_what_training_lacks_is_found_and_named() -> None:
    found = divergence(MATHS, [*MATHS[:20], *WAYS])
    assert found.p < 0.05
    assert found.value > found.chance_high
    assert {"cellar", "hall"} & {gram.text for gram in found.missing}
    assert all(gram.one == 0 for gram in found.missing if gram.text == "cellar")


def test_what_only_one_text_says_is_not_named() -> None:
    assert "zebra" not in {gram.text for gram in divergence(MATHS, [*MATHS, "zebra zebra zebra zebra"]).missing}


def test_it_is_the_same_each_time() -> None:
    assert divergence(MATHS, WAYS, 1) == divergence(MATHS, WAYS, 1)
