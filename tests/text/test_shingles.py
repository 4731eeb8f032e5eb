from __future__ import annotations

import random

import numpy as np
import pytest

from potstill.text.shingles import CHUNK, fingerprints, runs, spans, split, sums, whole

FOLDED = [
    ("Janet’s ducks", "janet's DUCKS"),
    ("ｆｕｌｌ width １２", "full width 12"),
    ("cafe\u0301 olé", "CAFÉ olé"),
    ("in\u200bvis\u00adible", "invisible"),
    ("a_b-c", "a b c"),
    ("Straße", "STRASSE"),
    ("東京です", "東 京 で す"),
    ("ﬁve", "five"),
]


def hashes(text):
    return split([text]).hashes.tolist()


@pytest.mark.parametrize(("one", "other"), FOLDED)
def test_case_marks_and_forms_do_not_count(one, other):
    assert hashes(one) == hashes(other) != []


@pytest.mark.parametrize(("one", "other"), [("ab", "a b"), ("ab", "ba"), ("1,000", "1000"), ("oé", "oe"), ("東", "京")])
def test_what_is_another_word(one, other):
    assert hashes(one) != hashes(other)


def test_words_by_hand():
    words = split(["Three cats, 3 dogs.", "", "...", "Ünder 7th"])
    assert words.starts.tolist() == [0, 4, 4, 4, 6]
    assert words.digits.tolist() == [False, False, True, False, False, True]
    assert words.capitals.tolist() == [True, False, False, False, False, False]
    assert words.rows().tolist() == [0, 0, 0, 0, 3, 3]
    assert len(words) == 4


def test_no_texts():
    words = split([])
    assert (len(words), words.hashes.tolist(), words.starts.tolist()) == (0, [], [0])
    assert fingerprints(words).tolist() == []


def test_a_word_has_one_hash_wherever_it_stands():
    rng = random.Random(0)
    known = {word: hashes(word)[0] for word in (f"w{i}" for i in range(300))}
    texts = [rng.choices(list(known), k=rng.randrange(5)) for _ in range(200)]
    words = split([" ".join(text) for text in texts])
    assert words.hashes.tolist() == [known[word] for text in texts for word in text]
    assert len(set(known.values())) == 300


def test_long_texts_and_many_are_hashed_in_chunks():
    text = "word " * (CHUNK // 3) + "last"
    words = split([text, "last", "x" * (CHUNK * 2)])
    assert np.diff(words.starts).tolist() == [CHUNK // 3 + 1, 1, CHUNK // 4]
    assert words.hashes[CHUNK // 3] == words.hashes[CHUNK // 3 + 1]
    assert len(np.unique(words.hashes)) == 3


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13])
def test_runs_are_the_same_where_the_words_are(n):
    long = split([" ".join(f"w{i}" for i in range(40))]).hashes
    some = split([" ".join(f"w{i}" for i in range(7, 7 + n))]).hashes
    assert runs(long, n)[7] == runs(some, n)[0]
    assert len(set(runs(long, n).tolist())) == 40


def test_runs_depend_on_order_and_length():
    ab, ba, a = (split([text]).hashes for text in ("a b", "b a", "a"))
    assert len({runs(ab, 2)[0], runs(ba, 2)[0], runs(a, 1)[0], runs(a, 2)[0]}) == 4


def test_whole_runs_do_not_cross_texts():
    assert whole(np.array([0, 3, 3, 4, 8]), 3).tolist() == [0, 4, 5]
    assert whole(np.array([0]), 3).tolist() == []


def test_sums_and_fingerprints():
    words = split(["a b", "", "b a", "a b", "A  b!"])
    assert sums(np.array([1, 2, 3, 4, 5, 6, 7, 8], np.uint64), words.starts).tolist() == [3, 0, 7, 11, 15]
    marks = fingerprints(words).tolist()
    assert marks[0] == marks[3] == marks[4]
    assert len(set(marks)) == 3


TEXTS = ["It's 3.50, no?", "", "  x ", "naïve 東京 cafe\u0301s\u200b!", "„Ja“ – 3½ km", "a\u0301\u0301b", *(one for one, _ in FOLDED)]


@pytest.mark.parametrize("text", TEXTS)
def test_spans_hold_the_words(text):
    found = spans(text)
    assert [hashes(text[start:end]) for start, end in found] == [[one] for one in hashes(text)] or "½" in text
    assert len(found) == len(hashes(text))
    assert all(0 <= start < end <= len(text) for start, end in found)


def test_spans_by_hand():
    assert spans("It's 3.5!") == [(0, 2), (3, 4), (5, 6), (7, 8)]
    assert spans("“É” 東京") == [(1, 2), (4, 5), (5, 6)]


def test_where_forms_cannot_be_followed_a_span_is_the_whole_text():
    strokes = "\u1112\u1161\u11ab \u1100\u116e"
    assert spans(strokes) == [(0, len(strokes))] * 2
    assert hashes(strokes) == hashes("한 구")


def test_half_a_surrogate_is_no_letter():
    assert hashes("a \ud800 b") == hashes("a b")
    assert spans("a \ud800 b") == [(0, 1), (4, 5)]


@pytest.mark.parametrize("letter", ["x", "é", "ก", "𐐷"])
@pytest.mark.parametrize("count", [32, 33, 40, 41])
def test_a_run_of_many_letters_is_several_words(letter, count):
    text = f"read {letter * count}, please"
    places = spans(text)
    assert len(places) == len(hashes(text)) == 2 + (1 if count == 32 else -(-count // 8))
    assert "".join(text[start:end] for start, end in places) == text.replace(" ", "").replace(",", "")


def test_pieces_of_a_run_are_words_as_they_stand_alone():
    run = "".join(f"{number:04}" for number in range(12))
    assert hashes(f"a {run} b") == hashes("a " + " ".join(run[i : i + 8] for i in range(0, 48, 8)) + " b")
