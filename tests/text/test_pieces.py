from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from potstill.text.pieces import pieces


def parts(text, size=30):
    return [text[start:end] for start, end in pieces(text, size)]


def test_a_short_text_is_one_piece():
    assert parts("How many are left?") == ["How many are left?"]
    assert parts("") == [""]


def test_sentences_that_are_long_enough_are_pieces():
    one, two, rest = "I hope that you are well today. ", "Hm. Now tell me how many there are left. ", "So?"
    assert parts(one + two + rest) == [one + two + rest, one, two, rest]
    assert parts("Write a play in which one asks: How many cats are there in it?")[1:] == [
        "Write a play in which one asks: ",
        "How many cats are there in it?",
    ]


@given(st.text(alphabet="ab .!?:\n'", max_size=200), st.integers(1, 50))
def test_they_cover_the_text_in_order(text, size):
    whole, *found = pieces(text, size)
    assert whole == (0, len(text))
    assert not found or "".join(text[start:end] for start, end in found) == text
    assert all(end - start >= size for start, end in found[:-1])
