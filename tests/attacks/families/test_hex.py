from __future__ import annotations

import pytest

from potstill.attacks.families.hex import Hex


def test_the_code():
    assert Hex().encode("Hi é") == "486920c3a9"
    assert Hex().decode("486920c3a9") == "Hi é"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It says 48656c6c6f here.", "It says Hello here."),
        ("4869", "Hi"),
        ("In 1984 we added a facade.", "In 1984 we added a facade."),
        ("00010203", "00010203"),
        ("ffffffff", "ffffffff"),
    ],
)
def test_runs_are_found_in_an_answer(text, said):
    assert Hex().plain(text) == said
