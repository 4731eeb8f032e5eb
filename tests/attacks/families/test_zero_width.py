from __future__ import annotations

from potstill.attacks import attack, open_attack
from potstill.attacks.families.zero_width import UNSEEN, ZeroWidth
from tests.attacks.families.small import REQUEST, texts
from tests.models.small import ask


def test_unseen_signs_stand_between_letters_only():
    for text in texts("zero_width"):
        assert text != REQUEST.question
        assert ZeroWidth().plain(text) == REQUEST.question
        assert all(text[i - 1].isalpha() and text[i + 1].isalpha() for i, sign in enumerate(text) if sign in UNSEEN)


def test_what_could_not_be_read_back_is_left_alone():
    assert attack(open_attack("zero_width"), ask("in\u200bvisible"), 1) == []
    assert attack(open_attack("zero_width"), ask("1 a 2"), 1) == []
