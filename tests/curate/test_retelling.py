from __future__ import annotations

import random
import re

import pytest

from potstill.curate.retelling import answered, asked, posed, renamed, renumbered, reordered, retold, surrounded
from potstill.types import Message, Prompt
from tests.curate.small import alone, answer
from tests.models.small import ask

TEXT = "Janet has 16 eggs and 5 hens. She sells 16 of them to Tom. How many has Janet left?"


def test_numbers_change_and_stay_as_long():
    told = renumbered(TEXT, random.Random(0))
    before, after = (re.findall(r"\d+", text) for text in (TEXT, told))
    assert [len(number) for number in after] == [2, 1, 2]
    assert after[0] == after[2] != "16"
    assert after[1] != "5"
    assert re.sub(r"\d+", "#", told) == re.sub(r"\d+", "#", TEXT)
    assert before == ["16", "5", "16"]


def test_what_has_no_numbers_stays():
    assert renumbered("no number, ٣ or ½", random.Random(0)) == "no number, ٣ or ½"


def test_names_change_wherever_they_stand():
    told = renamed(TEXT, random.Random(0))
    assert "Janet" not in told
    assert "Tom" not in told
    assert told.split()[1:4] == TEXT.split()[1:4]
    assert told.startswith(told.split()[-2])
    assert "She sells" in told
    assert renamed("she has none", random.Random(0)) == "she has none"


def test_the_last_sentence_comes_first():
    assert reordered("One is here. Two? Three!") == "Three! One is here. Two?"
    assert reordered("One") == "One"
    assert reordered("") == ""


def test_retold_is_seeded():
    assert retold(TEXT, random.Random(3)) == retold(TEXT, random.Random(3)) != retold(TEXT, random.Random(4))
    assert retold(TEXT, random.Random(3)).startswith("How many has")


def test_surrounded():
    assert surrounded("b", "a", "c") == "a\n\nb\n\nc"
    assert surrounded("b", "", "") == "b"


def test_items_with_other_texts_have_other_ids():
    item = answer(ask("How?"), "so", 3)
    other = answered(item, "not so")
    assert (other.text, other.prompt, other.trace.sample) == ("not so", item.prompt, 3)
    assert other.id == other.trace.id != item.id
    posing = asked(item, posed(item.prompt, "Why?"))
    assert (posing.prompt.question, posing.text, posing.trace.prompt_id) == ("Why?", "so", posing.prompt_id)
    assert posing.prompt_id == posing.prompt.id != item.prompt_id
    assert asked(alone(ask("How?")), ask("Why?")) == alone(ask("Why?"))
    with pytest.raises(ValueError, match="no answer"):
        answered(alone(ask("How?")), "so")


def test_only_the_last_turn_is_another():
    talk = Prompt((Message("system", "be"), Message("user", "how")))
    assert [m.content for m in posed(talk, "why").messages] == ["be", "why"]
    assert posed(Prompt((), reference="text"), "other") == Prompt((), reference="other")
