from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.text.answers import evaluate, final_answer, last_number, number, stated_number


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3+4=7. Answer: 7", "7"),
        ("It is 5.\n#### 72", "72"),
        ("So the answer is (84 / 2).", "(84 / 2)."),
        ("The answer is: blue.\nMore words.", "blue."),
        ("**Answer:** 42", "42"),
        (r"Thus \boxed{\frac{1}{2}} holds", r"\frac{1}{2}"),
        ("Answer: 1\nAnswer: 2", "2"),
        ("Answer:\n7", "7"),
        ("Answer:", None),
        ("no mark here", None),
        ("answers are many", None),
    ],
)
def test_final_answers(text, answer):
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,200", 1200),
        ("$1,234,567.50", Fraction("1234567.5")),
        ("84.0", 84),
        ("( 84.0 / 2.0 )", 42),
        ("(84 / 2).", 42),
        ("( ( 17.0 + 15.0 ) + 2.0 )", 34),
        ("(16 * 17) * 4", 1088),
        ("1/3", Fraction(1, 3)),
        ("2 1/2 cups", Fraction(5, 2)),
        ("-5", -5),
        ("−5", -5),
        ("12%", 12),
        ("7 × 36", 252),
        ("7 * 36 = 252", 252),
        ("3 apples and 4 pears", 3),
        (r"\frac{3}{4}", Fraction(3, 4)),
        (r"2 \times 3", 6),
        ("12 - 5 is left", 7),
        ("(3", 3),
        ("1/0", None),
        ("none", None),
        ("", None),
    ],
)
def test_numbers(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("He has 3 and buys 4. The answer is 7.", 7),
        ("He has 3 and buys 4, so 7", 7),
        ("The answer is yes, at 3 of 4. Answer: none", None),
        ("x = 5 - 3", 3),
        ("5 - 3", 2),
        ("nothing", None),
    ],
)
def test_the_number_that_a_text_comes_to(text, value):
    assert stated_number(text) == value


@pytest.mark.parametrize(("text", "value"), [("it fell from 3 to -4", -4), ("a2 b3", 3), ("9-5", 5), ("3/4", Fraction(3, 4)), ("", None)])
def test_last_numbers(text, value):
    assert last_number(text) == value


@pytest.mark.parametrize(
    "text", ["", "2 +", "(2", "2)", "2 ** 3", "2 // 3", "a", "__import__('os')", "1/0", "1 2", "()", "+".join("1" * 150), "9" * 250]
)
def test_what_is_no_arithmetic(text):
    assert evaluate(text) is None


def test_deep_brackets_and_signs():
    assert evaluate("(" * 90 + "1" + ")" * 90) == 1
    assert evaluate("-" * 90 + "1") == 1
    assert evaluate("2 - -3") == 5


SUMS = st.recursive(
    st.integers(0, 99).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})") | inner.map(lambda x: f"-{x}"),
    max_leaves=8,
)


@given(SUMS)
@settings(max_examples=50, deadline=None)
def test_arithmetic_is_pythons(expression):
    try:
        expected = eval(re.sub(r"\d+", r"Fraction(\g<0>)", expression), {"Fraction": Fraction})
    except ZeroDivisionError:
        expected = None
    if len(expression) <= 200:
        assert evaluate(expression) == expected


@given(st.text(max_size=80))
@settings(max_examples=50, deadline=None)
def test_any_text_is_read_as_a_part_of_it_a_number_or_nothing(text):
    found = final_answer(text)
    assert found is None or found in text
    for read in (number, last_number, stated_number, evaluate):
        assert isinstance(read(text), Fraction | None)


def test_real_references_are_all_read(data_dir):
    rows = [json.loads(line) for line in (data_dir / "gsm8k" / "train.jsonl").read_text().splitlines()[::10]]
    stated = [stated_number(row["answer"]) for row in rows]
    assert len(stated) == 748
    assert None not in stated
    labels = [json.loads(line)["label"] for line in (data_dir / "dsbs" / "svamp" / "svamp_train.json").read_text().splitlines()]
    assert None not in [stated_number(label) for label in labels]
