from __future__ import annotations

import pytest

from potstill.attacks.wording import task_of


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
