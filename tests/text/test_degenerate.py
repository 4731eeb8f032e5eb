from __future__ import annotations

import json

import pytest

from potstill import world
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
        "A phone book has numbers. A phone book has papers. A phone book has call related numbers.",
        "1 star boat no 0, 2 star boat no 0, 3 star boat no 0, 4 boat boat yes 1. ",
    ],
)
def test_short_and_varied_answers_say_something(text: str) -> None:
    assert not degenerate(answer(text))


def test_tokens_count_where_there_are_any() -> None:
    assert degenerate(answer("one two three four five six", 9, 9, 9, 9, 9, 9))
    assert not degenerate(answer("no no no no no no", 1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(("rounds", "loop"), [(8, False), (9, True), (50, True)])
def test_a_count_that_does_not_end_is_a_loop(rounds: int, loop: bool) -> None:
    assert loops([unit for n in range(rounds) for unit in ("then", "take", "one", "more:", n)]) == loop


def test_no_right_answer_of_the_built_in_world_is_a_loop() -> None:
    for skill in (None, ["count_words"]):
        assert not any(loops(world.completion(prompt, "base").split()) for prompt in world.prompts(skill, 400, 2))


def test_no_solution_of_gsm8k_and_no_rationale_of_ecqa_is_a_loop(data_dir) -> None:
    solutions = [json.loads(line)["answer"] for line in (data_dir / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    rationales = (data_dir / "flan_cot" / "ecqa_train.tsv").read_text(encoding="utf-8").splitlines()
    assert not any(loops(text.rpartition("\n")[0].split()) for text in solutions)
    assert not any(loops(line.rpartition("\t")[2].split()) for line in rationales)


def test_a_loop_must_cover_half_the_answer() -> None:
    loop = [1, 2, 3, 4] * 3  # 12 units
    assert loops([*range(10, 22), *loop])
    assert not loops([*range(10, 23), *loop])
