from __future__ import annotations

import numpy as np
import pytest

from potstill.curate.shingled import as_sets, jaccard, joined, shingled


def similarity(one, other, shingle=2):
    return jaccard(as_sets(shingled([one], shingle)), as_sets(shingled([other], shingle))).tolist()[0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b c d", "a b c e", 2 / 4),
        ("a b c d", "b c d", 2 / 3),
        ("a b c d", "x y z", 0.0),
        ("a b a b a b", "a b a", 1.0),
        ("a", "A!", 1.0),
        ("a", "b", 0.0),
        ("", "", 1.0),
        ("", "a b", 0.0),
    ],
)
def test_similarity_is_shingles_in_both_over_shingles_in_either(one, other, expected):
    assert similarity(one, other) == similarity(other, one) == pytest.approx(expected)


def test_of_two_texts_the_lesser_counts():
    ones = shingled(["a b c d", "a b c d", ""], 2, ["e f g h", "e f", ""])
    others = shingled(["a b c e", "a b c d", ""], 2, ["e f g h", "x y", ""])
    assert jaccard(as_sets(ones), as_sets(others)).tolist() == pytest.approx([2 / 4, 0, 1])


def test_what_stands_in_another_text_is_not_the_same():
    one, other = shingled(["a b c"], 2, [""]), shingled([""], 2, ["a b c"])
    assert jaccard(as_sets(one), as_sets(other)).tolist() == [0]


def test_shingles_of_each_row():
    rows = shingled(["a b c d", "", "a", "x y"], 3)
    assert np.diff(rows.starts).tolist() == [2, 0, 1, 1]
    assert len(rows) == 4
    assert len(set(rows.keys.tolist())) == 4


def test_keys_are_those_of_the_shingles():
    rows = shingled(["a b c", "A, b. C", "c b a", "a b c d"], 2)
    assert rows.keys[0] == rows.keys[1]
    assert len(set(rows.keys.tolist())) == 3


def test_parts_joined_are_the_whole():
    texts = ["a b c d", "", "a", "x y z", "one two three four five"]
    whole, parts = shingled(texts, 3), joined([shingled(texts[:2], 3), shingled([], 3), shingled(texts[2:], 3)])
    for name in ("hashes", "starts", "keys"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()
    assert len(joined([])) == 0


def test_rows_are_taken_in_order():
    rows = shingled(["a b c d", "", "x y z"], 3)
    some = rows.take(np.array([2, 0, 2, 1]))
    assert np.diff(some.starts).tolist() == [1, 2, 1, 0]
    assert some.hashes.tolist() == [rows.hashes[2], *rows.hashes[:2], rows.hashes[2]]
    assert some.keys.tolist() == rows.keys[[2, 0, 2, 1]].tolist()
