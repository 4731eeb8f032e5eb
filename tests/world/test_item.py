from __future__ import annotations

import random

from potstill.types import Message, Prompt
from potstill.world.item import HELD_OUT_SHARE, Item, Skill, held, listed, say

ADD = Skill("add", "math.add", lambda rng: Item("What is 1 + 1?", "2", "1+1=2.", variant="v"), traced=True)


def test_an_item_becomes_a_prompt_with_all_that_is_known_of_it() -> None:
    prompt = ADD.prompt(random.Random(0))
    assert prompt.question.endswith("What is 1 + 1?")
    assert (prompt.reference, prompt.rationale, prompt.skill, prompt.grader) == ("2", "1+1=2.", "add", "world")
    assert prompt.source.endswith("/add/v")


def test_about_one_prompt_in_ten_is_held_out_by_its_text_alone() -> None:
    asked = [Prompt((Message("user", f"question {n}"),)) for n in range(2000)]
    share = sum(map(held, asked)) / len(asked)
    assert 0.7 / HELD_OUT_SHARE < share < 1.3 / HELD_OUT_SHARE
    assert [held(p) for p in asked] == [held(Prompt(p.messages, skill="other")) for p in asked]


def test_small_things() -> None:
    assert listed([1, "b"]) == "1, b"
    assert say(random.Random(0), ["{a} and {b}"], a=1, b=2) == "1 and 2"
