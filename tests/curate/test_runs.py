from __future__ import annotations

import numpy as np
import pytest

from potstill.curate import runs
from potstill.curate.runs import Runs, Table, as_written, with_blanks
from potstill.text.shingles import split

U = np.uint64


def test_a_table_gives_every_value_of_a_key():
    table = Table(np.array([7, 2**63, 7, 9], U), np.array([1, 2, 3, 4]))
    places, values = table.matches(np.array([9, 8, 7, 2**63, 0], U))
    assert list(zip(places.tolist(), values.tolist(), strict=True)) == [(0, 4), (2, 1), (2, 3), (3, 2)]
    assert table.has(np.array([1, 7, 7], U)).tolist() == [1, 2]


@pytest.mark.parametrize("size", [0, 10, 40_000])
def test_a_table_of_any_size_knows_its_keys_alone(size):
    drawn = np.random.default_rng(0).integers(0, 2**64, 2 * size + 50, np.uint64)
    table = Table(drawn[:size], np.arange(size))
    assert table.has(drawn).tolist() == list(range(size))


def test_blanks_are_numbers_and_capitals_and_in_a_row_one():
    texts = ["Anna Bell has 1,500 red apples", "the other man has twenty red apples", "$5"]
    view = with_blanks(split(texts))
    assert view.starts.tolist() == [0, 5, 12, 13]
    assert view.counts.tolist()[:5] == [False, True, False, True, True]
    assert view.origin.tolist()[:5] == [0, 2, 3, 5, 6]
    assert view.hashes[0] == view.hashes[2] == view.hashes[9] == view.hashes[12]
    assert as_written(split(texts)).counts.all()


def covered(passages, text, n=2, sets=None, least=0, view=as_written):
    made = Runs(view(split(passages)), np.array(sets or [0] * len(passages), np.int64), n, least)
    found = made.covered(view(split([text])))
    assert found.text.tolist() == [0] * len(found.text)
    columns = (column.tolist() for column in (found.passage, found.weight, found.first, found.last))
    return made, {passage: (weight, (first, last)) for passage, weight, first, last in zip(*columns, strict=True)}


def test_words_in_shared_runs_count_once_each():
    made, found = covered(["a b c d e"], "x a b c y d e z")
    assert made.total.tolist() == [5]
    assert found == {0: (5, (1, 6))}
    assert covered(["a b c d e"], "b c c d")[1] == {0: (3, (0, 3))}
    assert covered(["a b c d e"], "a c e")[1] == {}
    assert covered(["a b c d e"], "")[1] == covered([], "a b")[1] == {}


def test_what_is_said_again_counts_once():
    assert covered(["a b c d"], "a b a b a b")[1] == {0: (2, (0, 5))}


def test_what_several_passages_share_weighs_less():
    made, found = covered(["a b c d", "a b x y", "a b"], "a b c")
    assert made.total == pytest.approx([1 / 3 + 1 + 1 + 1, 1 / 3 + 1 + 1 + 1, 2 / 3])
    assert {p: w for p, (w, _) in found.items()} == pytest.approx({0: 1 / 3 + 1 + 1, 1: 1 / 3 + 1, 2: 2 / 3})


def test_rarity_counts_within_a_set():
    _, found = covered(["a b c", "a b c d"], "a b", sets=[0, 1])
    assert {p: w for p, (w, _) in found.items()} == {0: 2, 1: 2}


def test_runs_that_nearly_all_share_are_passed_over(monkeypatch):
    monkeypatch.setattr(runs, "COMMON", 2)
    made, found = covered(["a b c", "a b d", "a b e"], "a b c")
    assert found == {0: (2, (1, 2))}
    assert made.total.tolist() == [2, 2, 2]


def test_blanks_weigh_nothing_and_runs_need_words():
    made, found = covered(["Ann has 3 red pens"], "Bob has 44 red pens", n=2, least=1, view=with_blanks)
    assert made.words.tolist() == [3]
    assert found == {0: (3, (0, 4))}
    assert covered(["Ann has 3 red pens"], "Bob has 44 red pens", n=2, least=2, view=with_blanks)[1] == {0: (2, (3, 4))}
