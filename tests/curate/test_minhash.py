from __future__ import annotations

import random
import sys
import time

import numpy as np
import pytest

from potstill.curate.minhash import FOUND, Pairs, Sketches, alike, clusters, families, library, nearest
from potstill.curate.shingled import as_sets, jaccard, shingled
from potstill.errors import MissingExtraError

RNG = random.Random(0)
VOCABULARY = [f"word{i}" for i in range(5000)]


def drawn(words=60):
    return " ".join(RNG.choices(VOCABULARY, k=words))


def edited(text, edits, rng=RNG):
    words = text.split()
    for place in rng.sample(range(len(words)), edits):
        words[place] = rng.choice(VOCABULARY)
    return " ".join(words)


def found(texts, **sketches):
    settings = Sketches(**sketches)
    pairs = alike(shingled(texts, settings.shingle), settings)
    return {
        (one, other): similarity
        for one, other, similarity in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.similarity, strict=True)
    }


def test_pairs_by_hand():
    texts = ["a b c d e f g h", "x y z", "a b c d e f g i", "a b c d e f g h!"]
    assert found(texts, shingle=1, floor=0.5) == pytest.approx({(0, 2): 7 / 9, (0, 3): 1})
    assert found(texts, shingle=1, floor=0.8) == {(0, 3): 1}
    assert found([]) == found([""]) == found(["a"]) == {}
    assert found(["", "a", "", "A"]) == {(0, 2): 1, (1, 3): 1}


def test_bands_leave_pairs_at_the_floor_findable():
    for floor in (0.3, 0.5, 0.6, 0.8, 0.9):
        sketches = Sketches(floor=floor)
        assert 128 % sketches.band == 0
        assert 1 - (1 - floor**sketches.band) ** (128 // sketches.band) >= FOUND
    assert [Sketches(floor=floor).band for floor in (0.05, 0.6, 0.9)] == [1, 4, 8]
    assert Sketches(permutations=7, floor=0.9).band == 1


def test_nearly_every_near_duplicate_is_found_with_its_similarity():
    texts = [drawn() for _ in range(400)]
    near = [edited(text, 1 + i % 4) for i, text in enumerate(texts)]
    pairs = found(texts + near)
    expected = jaccard(as_sets(shingled(texts, 3)), as_sets(shingled(near, 3)))
    told = np.array([pairs.get((i, 400 + i), 0.0) for i in range(400)])
    assert (told > 0)[expected >= 0.6].mean() >= 0.98
    assert told[told > 0] == pytest.approx(expected[told > 0])
    assert sum(one + 400 != other for one, other in pairs) == 0


def test_copies_are_paired_with_the_first_of_them():
    assert found(["b c d", "a b c", "A b c", "a, b c", "b c d"]) == {(0, 4): 1, (1, 2): 1, (1, 3): 1}


def test_a_cluster_of_thousands_takes_no_square_of_time():
    text = drawn(40)
    texts = [edited(text, 1) for _ in range(3000)]
    start = time.process_time()
    pairs = found(texts)
    assert time.process_time() - start < 20
    assert len(pairs) <= 8 * len(texts)
    assert len({other for _, other in pairs}) >= 0.99 * len(texts) - 1


def test_nearest_is_the_most_alike_before():
    pairs = Pairs(np.array([0, 1, 2, 0, 1]), np.array([3, 3, 3, 2, 2]), np.array([0.7, 0.9, 0.9, 0.6, 0.5]))
    similarity, partner = nearest(pairs, 5)
    assert similarity.tolist() == [0, 0, 0.6, 0.9, 0]
    assert partner.tolist() == [-1, -1, 0, 1, -1]


def test_clusters_hang_together():
    pairs = Pairs(np.array([0, 3, 1]), np.array([2, 4, 4]), np.ones(3))
    assert clusters(pairs, 6).tolist() == [0, 1, 0, 1, 1, 5]
    assert clusters(Pairs(np.zeros(0, int), np.zeros(0, int), np.zeros(0)), 2).tolist() == [0, 1]


def test_families_do_not_depend_on_the_order():
    texts = [drawn() for _ in range(30)]
    texts += [edited(text, 2) for text in texts[:20]] + ["", "Hello", "hello"]
    ids = [f"{i * 7919 % 1000:04d}" for i in range(len(texts))]
    told = dict(zip(ids, families(texts, ids), strict=True))
    for i in range(20):
        assert told[ids[i]] == told[ids[30 + i]] == min(ids[i], ids[30 + i])
    assert [told[ids[i]] for i in range(20, 30)] == ids[20:30]
    assert told[ids[-1]] == told[ids[-2]] != told[ids[-3]]
    order = random.Random(1).sample(range(len(texts)), len(texts))
    again = families([texts[i] for i in order], [ids[i] for i in order])
    assert dict(zip((ids[i] for i in order), again, strict=True)) == told


def test_families_by_chance_share_an_id():
    assert families(["a b c", "x y z"], ["1", "1"]) == ["1", "1"]
    assert families([], []) == []


def test_ten_thousand_copies_are_one_family():
    assert set(families(["the same again and again"] * 10_000, [f"{i:05d}" for i in range(10_000)])) == {"00000"}


def test_without_rensa_it_says_what_to_install(monkeypatch):
    assert library()
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(MissingExtraError, match="rensa") as error:
        found(["a b c", "a b d"])
    assert "potstill[curate]" in str(error.value)
    with pytest.raises(MissingExtraError):
        library()
