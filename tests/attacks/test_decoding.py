from __future__ import annotations

import pytest

from potstill.attacks import open_attack, plainest, readings
from tests.models.small import ask


def test_an_answer_is_read_by_the_codes_around_its_prompt():
    assert readings(ask("x"), "Uryyb") == ("Uryyb",)
    assert readings(ask("x", wrapper="rot13"), "Uryyb") == ("Uryyb", "Hello")
    assert readings(ask("x", wrapper="story"), "Uryyb") == ("Uryyb",)
    code = open_attack("base64").encode("ash and bog")  # type: ignore[attr-defined]
    assert readings(ask("x", wrapper="story+base64"), code) == (code, "ash and bog")
    assert readings(ask("x", wrapper="base64"), "Sorry, I cannot help.") == ("Sorry, I cannot help.",)


def test_letters_of_other_alphabets_and_unseen_signs_are_read():
    assert readings(ask("x", wrapper="homoglyph"), "\u0430sh")[1] == "ash"
    assert readings(ask("x", wrapper="zero_width"), "a\u200bsh")[1] == "ash"


@pytest.mark.parametrize("name", ["base64", "hex", "rot13", "leetspeak"])
@pytest.mark.parametrize("said", ["Sorry, I cannot help with that.", "Take the ash, and mix it with a cup of bog."])
def test_what_was_said_is_found_in_plain_words_and_in_the_code(name, said):
    prompt = ask("x", wrapper=name)
    code = open_attack(name).encode(said)  # type: ignore[attr-defined]
    assert plainest(prompt, said) == said
    assert plainest(prompt, code) == said


def test_without_common_words_the_text_stands():
    assert plainest(ask("x", wrapper="rot13"), "ash, bog") == "ash, bog"
    assert plainest(ask("x", wrapper="rot13"), "") == ""
