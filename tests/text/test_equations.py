from __future__ import annotations

from fractions import Fraction

import pytest

from potstill.text.equations import Equation, equations


def read(text):
    return [(text[one.start : one.end], one.holds) for one in equations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3-2=1. 1+6=8.", [("3-2=1", True), ("1+6=8", False)]),
        ("1+8+0=9, write 9 carry 0. 6+5+0=12, write 1", [("1+8+0=9", True), ("6+5+0=12", False)]),
        ("4+8=12, not 14.", [("4+8=12", True)]),
        ("He pays $1,200 / 4 = $300 a month.", [("$1,200 / 4 = $300", True)]),
        ("so (2 + 3) * 4 = 20", [("(2 + 3) * 4 = 20", True)]),
        ("(that is 2+3=6)", [("2+3=6", False)]),
        ("x = 3+4 = 7", [("3+4 = 7", True)]),
        ("3*4 = 2*6 = 13", [("3*4 = 2*6", True), ("2*6 = 13", False)]),
        ("1+4=5=3", [("1+4=5", True), ("5=3", False)]),
        ("1+4=5=5=3=2+1", [("1+4=5", True), ("5=5", True), ("5=3", False), ("3=2+1", False)]),
        ("2/3 = 0.67 = 0.667 = 0.66", [("2/3 = 0.67", True), ("0.67 = 0.667", True), ("0.667 = 0.66", False)]),
        ("30/60 = 0.5 = 30 minutes", [("30/60 = 0.5", True)]),
        ("3/4 = .75 = 75%", [("3/4 = .75", True)]),
        ("2+3=5. 5=4, and 2+3=5\n5=4", [("2+3=5", True), ("2+3=5", True)]),
        ("x+2+3 = 5 = 4", []),
        ("10/3 = 3.33 and 10/3 = 3.34", [("10/3 = 3.33", True), ("10/3 = 3.34", False)]),
        ("5 - 8 = -3", [("5 - 8 = -3", True)]),
        ("<<48/2=24>>24 clips", [("48/2=24", True)]),
        ("12 × 3 = 36", [("12 × 3 = 36", True)]),
        ("40 x (1/10) = 4 and .5*2=1", [("40 x (1/10) = 4", True), (".5*2=1", True)]),
        ("(2+3)=(4+1)", [("(2+3)=(4+1)", True)]),
        ("- 3+4 = 7\n- 5+5 = 11", [("3+4 = 7", True), ("5+5 = 11", False)]),
    ],
)
def test_equations_are_found_and_worked_out(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "half of 3*4 = 6",
        "2x+3=7",
        "12% of 50 = 6",
        "2^3+1=9",
        "7/2 = 3 remainder 1",
        "f(2)+1=9",
        "a = 5",
        "2 - 1/2 = 1 1/2",
        "60 students x 2/3 = 40",
        "[2+3]*2 = 10",
        "x + 3+4 = 9",
        "2 1/2 + 1 = 3.5",
        "20 + 30 minutes = 50",
        "1/0 = 3",
        "3 + 4 = 7%",
        "3 + 4 = 5 + x",
        "",
    ],
)
def test_of_what_is_not_read_whole_nothing_is_said(text):
    assert read(text) == []


def test_an_equation_says_what_it_is_and_what_was_claimed():
    (found,) = equations("so 7+5=13.", 3)
    assert found == Equation(3, 9, Fraction(12), Fraction(13), Fraction(0))
    (rounded,) = equations("2/3=0.67")
    assert rounded.tolerance == Fraction(1, 200)
