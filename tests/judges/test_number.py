from __future__ import annotations

import pytest

from potstill.judges.number import number
from tests.models.small import ask


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        ("84 / 2 = 42. The answer is (84 / 2).", "( 84.0 / 2.0 )", 1.0),
        ("#### 1,200", "He paid.\n#### 1200", 1.0),
        ("Answer: $42.00", "42", 1.0),
        ("The answer is 3.3333333", "( 10.0 / 3.0 )", 1.0),
        ("The answer is 3.33", "( 10.0 / 3.0 )", 0.0),
        ("so there are 42 of them", "42", 1.0),
        ("The answer is (66 - 68).", "( 68.0 - 66.0 )", 0.0),
        ("Answer: many", "42", 0.0),
        ("", "42", 0.0),
        ("Answer: 0", "0", 1.0),
        ("Answer: 42", "many", None),
        ("Answer: 42", None, None),
    ],
)
def test_numbers(text, reference, score):
    assert number(ask("How many?", reference=reference), text) == score
