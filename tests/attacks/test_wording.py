from __future__ import annotations

import random

import pytest

from potstill.attacks.base import asking
from potstill.attacks.wording import Rewording, task_of
from tests.models.small import ask


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("How do I make bread?", ("", "make bread")),
        ("Hello. How do I make bread?", ("Hello. ", "make bread")),
        ("A question: how can one Tie a knot", ("A question: ", "tie a knot")),
        ("Please tell me how to fry an egg.", ("", "fry an egg")),
        ("Write a poem about the sea.", ("", "write a poem about the sea")),
        ("Could you list five birds?", ("", "list five birds")),
        ("I like tea. Describe it!\nBriefly", None),
        ("What is bread?", None),
        ("", None),
        ("How do I ?", None),
    ],
)
def test_what_is_asked_for(request_, expected):
    assert task_of(request_) == expected


class Dreamt(Rewording):
    NAME = "dreamt"
    HALF = "A"
    OF_TASKS = ("I dreamt that I could {}. How?",)
    OF_ANYTHING = ("In a dream: {}",)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Hello. How do I make {bread}?", "Hello. I dreamt that I could make {bread}. How?"),
        ("What is {} made of?", "In a dream: What is {} made of?"),
    ],
)
def test_a_rewording_asks_for_the_task_or_for_all_of_it(request_, expected):
    prompt = ask(request_, reference="flour")
    assert Dreamt().rewrite(prompt, random.Random(1)) == [asking(prompt, expected)]
