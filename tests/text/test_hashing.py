"""Texts as rows: what counts as a word, what an n-gram is worth, and that nothing depends on the texts beside."""

from __future__ import annotations

import math

import numpy as np
import pytest

from potstill.text.hashing import Features, Rows, plain, words

WORDS = Features(words=(1,), characters=())
# fmt: off
COLUMNS = [
    7783, 9895, 21531, 27797, 33798, 59037, 59686, 15363, 25882, 26543, 30607, 32834, 35589, 40832,
    42127, 60201, 60771, 62336, 48547,
]
# fmt: on


def row(text: str, features: Features = WORDS) -> dict[int, float]:
    """Column -> value of one text."""
    rows = features.rows([text])
    return dict(zip(rows.columns.tolist(), rows.values.tolist(), strict=True))


def test_words_are_runs_of_letters_or_single_signs() -> None:
    found, spans = words("It isn’t “so”: 3_000 €.")
    assert found.words == ["it", "isn't", '"', "so", '"', ":", "3", "_", "000", "€", "."]
    assert spans[1] == (3, 8)


def test_case_and_quotes_do_not_count() -> None:
    assert row("I CAN’T  go") == row("i can't go")


def test_plain_keeps_every_place() -> None:
    text = "İstanbul’s Straße ΑΣ"
    assert len(plain(text)) == len(text)
    assert plain("Don’t") == "don't"


def test_a_value_is_one_plus_the_log_of_the_count_at_length_one() -> None:
    first, second = 1 + math.log(2), 1.0
    length = math.hypot(first, second)
    assert sorted(row("a b a").values()) == pytest.approx([second / length, first / length])


def test_each_block_has_the_same_length() -> None:
    both = row("one two", Features(words=(1,), characters=(3,)))
    one = row("one two")
    assert sum(both[column] ** 2 for column in one) == pytest.approx(0.5)
    assert sum(value**2 for value in both.values()) == pytest.approx(1.0)


def test_pairs_keep_their_order() -> None:
    pairs = Features(words=(2,), characters=())
    assert len(row("a b a b", pairs)) == 2
    assert row("a b", pairs) != row("b a", pairs)


def test_characters_cross_words_by_one_space() -> None:
    threes = Features(words=(), characters=(3,))
    assert len(row("ab c", threes)) == 3  # " ab", "ab ", "b c"
    assert row("ab   c", threes) == row("ab c", threes)


def test_the_opening_is_counted_apart() -> None:
    opening = Features(words=(1,), characters=(), opening=2)
    assert len(row("a b c d", opening)) == 6
    assert row("a b c d", opening) != row("c d a b", opening)
    assert row("a b c d") == row("c d a b")


@pytest.mark.parametrize("features", [Features(), Features(opening=3), Features(words=(1, 2, 3), characters=(3, 5), bits=10)])
def test_a_row_does_not_depend_on_the_others(features: Features) -> None:
    texts = ["one two three", "", "four", " \n", "five six seven eight five six"]
    whole = features.rows(texts)
    for place, text in enumerate(texts):
        mine, alone = whole.take(np.array([place])), features.rows([text])
        assert mine.columns.tolist() == alone.columns.tolist()
        assert mine.values.tolist() == alone.values.tolist()


def test_a_text_without_words_is_a_row_of_zeros() -> None:
    rows = Features().rows(["", "a"])
    assert rows.starts.tolist()[:2] == [0, 0]
    assert len(rows) == 2
    assert len(Features().rows([])) == 0


def test_columns_stay_the_same_everywhere() -> None:
    """Saved weights belong to these columns; `VERSION` must change with them."""
    rows = Features(words=(1, 2), characters=(3,), opening=1, bits=16).rows(["I can’t, no"])
    assert rows.columns.tolist() == COLUMNS


def test_broken_text_has_features_too() -> None:
    assert len(Features().rows(["\ud800 \x00"]).columns) > 0


def test_rows_are_taken_in_order() -> None:
    rows = Rows(np.array([0, 2, 2, 3]), np.array([5, 7, 1], np.int32), np.array([0.5, 0.25, 1.0], np.float32))
    taken = rows.take(np.array([2, 1, 0]))
    assert taken.starts.tolist() == [0, 1, 1, 3]
    assert taken.columns.tolist() == [1, 5, 7]
    assert rows.row_of_each().tolist() == [0, 0, 2]
