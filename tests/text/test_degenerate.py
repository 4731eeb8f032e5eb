from __future__ import annotations

import pytest

from potstill.text.degenerate import degenerate, loops
from potstill.types import Trace


def answer(text: str, *token_ids: int) -> Trace:
    return Trace("p", "student", 0, text, (), token_ids)


@pytest.mark.parametrize("text", ["", " \n", "no no no no", "a b c d a b c d a b c d a", "x y x y x y x y"])
def test_empty_and_looping_answers_say_nothing(text: str) -> None:
    assert degenerate(answer(text))


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "no no no",
        "Sorry, I cannot help with that.",
        "7 + 5 = 12. 12 + 9 = 21. Answer: 21",
        "a b c d e f a b c d",
        "Answer: ash, bog, cud, dew",
    ],
)
def test_short_and_varied_answers_say_something(text: str) -> None:
    assert not degenerate(answer(text))


def test_tokens_count_where_there_are_any() -> None:
    assert degenerate(answer("one two three four five six", 9, 9, 9, 9, 9, 9))
    assert not degenerate(answer("no no no no no no", 1, 2, 3, 4, 5, 6))


def test_a_loop_must_cover_half_the_answer() -> None:
    loop = [1, 2, 3, 4] * 3  # 12 units
    assert loops([*range(10, 22), *loop])
    assert not loops([*range(10, 23), *loop])
