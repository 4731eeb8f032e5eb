from __future__ import annotations

import pytest

from potstill.curate.whole import SHOWN, saying, shown, whole
from potstill.types import Message, Prompt
from tests.curate.small import alone, answer
from tests.models.small import ask

CHAT = Prompt((Message("user", "First?"), Message("assistant", "Yes."), Message("user", "Then?")))
TEXT = Prompt((), reference="Once upon a time")


@pytest.mark.parametrize(
    ("item", "over", "text", "within"),
    [
        (answer(CHAT, "No."), None, "No.", "answer"),
        (answer(CHAT, "No."), "answer", "No.", "answer"),
        (answer(CHAT, "No."), "prompt", "Then?", "prompt"),
        (alone(CHAT), None, "Then?", "prompt"),
        (alone(TEXT), "prompt", "Once upon a time", "reference"),
    ],
)
def test_which_text(item, over, text, within):
    found = whole(item, over)
    assert (found.text, found.within) == (text, within)


def test_a_prompt_alone_has_no_answer():
    assert whole(alone(CHAT), "answer") is None


@pytest.mark.parametrize(
    ("item", "over"), [(answer(CHAT, "No."), None), (answer(CHAT, "No."), "prompt"), (alone(CHAT), None), (alone(TEXT), None)]
)
def test_another_text_in_its_place(item, over):
    other = saying(item, "else", over)
    assert whole(other, over).text == "else"
    assert other.id != item.id
    assert other.prompt_id == other.prompt.id
    assert len(other.prompt.messages) == len(item.prompt.messages)
    assert other.trace is None or other.trace.prompt_id == other.prompt_id


def test_what_is_shown():
    text = "a" * 50 + "b" * 500
    opinion = shown("why", 1.0, whole(answer(ask("?"), text)), 50, 550)
    assert (opinion.within, opinion.start, opinion.end, opinion.evidence) == ("answer", 50, 50 + SHOWN, "b" * SHOWN)
