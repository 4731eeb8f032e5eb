from __future__ import annotations

from potstill.attacks import attack, open_attack
from potstill.attacks.families.homoglyph import LOOKALIKES, Homoglyph
from tests.attacks.families.small import REQUEST, texts
from tests.models.small import ask


def test_some_letters_are_others():
    found = texts("homoglyph")
    assert len(found) > 20
    for text in found:
        assert text != REQUEST.question
        assert len(text) == len(REQUEST.question)
        assert Homoglyph().plain(text) == REQUEST.question
        assert set(text) <= set(REQUEST.question) | set(LOOKALIKES.values())


def test_what_could_not_be_read_back_is_left_alone():
    assert attack(open_attack("homoglyph"), ask("\u0430 cat"), 1) == []
    assert attack(open_attack("homoglyph"), ask("123"), 1) == []
