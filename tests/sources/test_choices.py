from __future__ import annotations

import pytest

from potstill.errors import InputError
from potstill.sources.choices import Choices, choices_of

TEXTS = ("bank", "library", "mall")


@pytest.mark.parametrize(
    ("row", "column", "names"),
    [
        ({"c": list(TEXTS)}, "c", ()),
        ({"c": [{"label": n, "text": t} for n, t in zip("123", TEXTS, strict=True)]}, "c", ("1", "2", "3")),
        ({"c": {"label": ["a", "b", "c"], "text": list(TEXTS)}}, "c", ("a", "b", "c")),
        ({"c": dict(zip("xyz", TEXTS, strict=True))}, "c", ("x", "y", "z")),
        ({"q": {"c": list(TEXTS)}}, "q.c", ()),
        ({**dict(zip("ABC", TEXTS, strict=True)), "D": ""}, "A, B, C, D", ("A", "B", "C")),
    ],
)
def test_every_way_in_which_files_write_them(row, column, names):
    assert choices_of(row, column, "here") == Choices(TEXTS, names)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("bank", "the column 'c' holds no choices; map a list"),
        (["bank"], "1 choices; give from 2 to 26"),
        (["x"] * 27, "27 choices"),
        (["bank", ""], "a choice in 'c' is empty"),
        (["bank", ["x"]], "a choice in 'c' is empty or no text"),
    ],
)
def test_what_is_none(value, message):
    with pytest.raises(InputError, match=f"here: {message}"):
        choices_of({"c": value}, "c", "here")


@pytest.mark.parametrize(
    ("names", "answer", "expected"),
    [
        ((), "library", "B"),
        ((), " Library ", "B"),
        ((), "c", "C"),
        ((), 0, "A"),
        ((), "2", "C"),
        (("1", "2", "3"), "2", "B"),
        (("1", "2", "3"), 3, "C"),
        (("x", "y", "z"), "z", "C"),
    ],
)
def test_the_right_one(names, answer, expected):
    assert Choices(TEXTS, names).letter(answer, "here") == expected


def test_a_number_is_an_option_before_it_is_a_place():
    assert Choices(("2", "3", "1")).letter("1", "here") == "C"
    assert Choices(("2", "3", "1")).letter(1, "here") == "B"
    with pytest.raises(InputError, match="here: the answer 'D' is none of the 3 choices"):
        Choices(("2", "3", "1")).letter("D", "here")


def test_options_stand_below_the_question():
    assert Choices(TEXTS).lettered("Where?\n") == "Where?\n\nA. bank\nB. library\nC. mall"
