from __future__ import annotations

from potstill.curate.base import Item
from potstill.curate.passages import Passage, passages
from potstill.text.segments import segments
from potstill.types import Message, Prompt, Trace
from tests.curate.small import alone, answer
from tests.models.small import ask


def test_a_conversation():
    turns = (Message("system", "Be kind."), Message("user", "Hi."), Message("assistant", ""), Message("user", "Why?"))
    found = passages(alone(Prompt(turns)))
    assert found == [Passage("turn", "Be kind.", ""), Passage("turn", "Hi.", ""), Passage("prompt", "Why?", "prompt")]


def test_reasoning_and_answer_with_their_places():
    text = "<think>One. Two.</think> So it is.\nAnswer: 3"
    prompt = ask("How many?")
    trace = Trace(prompt.id, "t", 0, text, segments(text))
    asked, reasoning, said = passages(Item(prompt.id, prompt, trace.id, trace))
    assert asked.of == "prompt"
    assert (reasoning.of, said.of, reasoning.text + said.text) == ("reasoning", "answer", text)
    within, start, end = said.span(0, 6)
    assert (within, text[start:end]) == ("answer", "Answer")


def test_plain_text_stands_once():
    prompt = Prompt((), reference="Once upon a time.")
    assert passages(alone(prompt)) == [Passage("reference", "Once upon a time.", "reference")]
    assert passages(answer(prompt, "Once upon a time.")) == [Passage("answer", "Once upon a time.", "answer")]


def test_another_turn_has_no_span():
    assert Passage("turn", "abc", "").span(0, 2) == ("", None, None)
    assert Passage("answer", "abc", "answer", 5).span(0, 2) == ("answer", 5, 7)


def test_nothing_is_said():
    assert [one.of for one in passages(answer(ask("a?"), ""))] == ["prompt"]
