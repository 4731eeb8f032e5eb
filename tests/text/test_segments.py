from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill import world
from potstill.text.segments import goes_on_thinking, segments, without_opening, without_reasoning
from potstill.world.oracle import MARKER


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3+4=7. Answer: 7", [("reasoning", "3+4=7. "), ("answer", "Answer: 7")]),
        ("Answer: 7", [("answer", "Answer: 7")]),
        ("He has 3.\n#### 3", [("reasoning", "He has 3.\n"), ("answer", "#### 3")]),
        ("2 and 2. The answer is 4.", [("reasoning", "2 and 2. "), ("answer", "The answer is 4.")]),
        ("Answer: 1. No. Answer: 2", [("reasoning", "Answer: 1. No. "), ("answer", "Answer: 2")]),
        ("<think>hm\nyes</think>\n\nFour.", [("reasoning", "<think>hm\nyes</think>\n\n"), ("answer", "Four.")]),
        ("<think>a</think>b. Answer: c", [("reasoning", "<think>a</think>"), ("reasoning", "b. "), ("answer", "Answer: c")]),
        ("<think>never ends", [("reasoning", "<think>never ends")]),
        ("<think>never told</think>", [("reasoning", "<think>never told</think>")]),
        ("<think>no</think>I cannot help with that.", [("reasoning", "<think>no</think>"), ("refusal", "I cannot help with that.")]),
        ("let me compute 2+2.</think>\n\nIt is 4.", [("reasoning", "let me compute 2+2.</think>\n\n"), ("answer", "It is 4.")]),
        ("I cannot say yet</think>Four.", [("reasoning", "I cannot say yet</think>"), ("answer", "Four.")]),
        ("[THINK]hm[/THINK]Four.", [("reasoning", "[THINK]hm[/THINK]"), ("answer", "Four.")]),
        ("<think>a</think>\n<think>b</think>c", [("reasoning", "<think>a</think>\n<think>b</think>"), ("answer", "c")]),
        ("They write <think>a</think> here.", [("other", "They write <think>a</think> here.")]),
        ("Sorry, I cannot help with that.", [("refusal", "Sorry, I cannot help with that.")]),
        ("Hello there.", [("other", "Hello there.")]),
        ("", []),
    ],
)
def test_segments(text, parts):
    assert [(s.kind, text[s.start : s.end]) for s in segments(text)] == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I cannot see it yet", [("reasoning", "I cannot see it yet")]),
        ("a <think> b</think>c", [("reasoning", "a <think> b</think>"), ("answer", "c")]),
        ("<think>a</think>b", [("reasoning", "<think>a</think>"), ("answer", "b")]),
        ("", []),
    ],
)
def test_an_answer_that_begins_within_a_thought(text, parts):
    assert [(s.kind, text[s.start : s.end]) for s in segments(text, thinking=True)] == parts


def test_a_thought_whose_beginning_the_prompt_holds():
    for text, goes_on in {"a</think>b": True, "<think>a</think>b": False, "3+4=7. Answer: 7": False, "Answer: 7": False, "": False}.items():
        assert goes_on_thinking(text, segments(text)) is goes_on
    assert goes_on_thinking("cut off", segments("cut off", thinking=True))


def test_a_text_behind_its_opening_mark():
    assert without_opening("\n<think>\na</think>b") == "a</think>b"
    assert without_opening("a</think>b") is None


def test_the_answer_alone_is_what_follows_the_thought():
    text = "I cannot see it yet. 2+2</think>\n\nIt is 4."
    assert without_reasoning(text, segments(text)) == "It is 4."


@pytest.mark.parametrize("thinking", [False, True])
@given(
    text=st.text(max_size=60)
    | st.lists(st.sampled_from(["<think>", "</think>", "[THINK]", "Answer:", "####", "I cannot", " x ", "\n"])).map("".join)
)
def test_segments_cover_the_text_in_order(thinking, text):
    found = segments(text, thinking=thinking)
    assert "".join(text[s.start : s.end] for s in found) == text
    assert all(s.start < s.end for s in found)


def test_the_worlds_texts_are_taken_apart_at_its_marker():
    for prompt in world.prompts(None, 200, 1):
        for alignment in ("base", "aligned"):
            text = world.completion(prompt, alignment)
            at = text.rfind(MARKER)
            parts = [("refusal", text)] if world.refused(text) else [("reasoning", text[:at]), ("answer", text[at:])]
            assert [(s.kind, text[s.start : s.end]) for s in segments(text)] == [part for part in parts if part[1]], text
