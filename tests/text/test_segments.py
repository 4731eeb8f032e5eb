from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill import world
from potstill.text.segments import segments
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
        ("Sorry, I cannot help with that.", [("refusal", "Sorry, I cannot help with that.")]),
        ("Hello there.", [("other", "Hello there.")]),
        ("", []),
    ],
)
def test_segments(text, parts):
    assert [(s.kind, text[s.start : s.end]) for s in segments(text)] == parts


@given(st.text(max_size=60) | st.lists(st.sampled_from(["<think>", "</think>", "Answer:", "####", "I cannot", " x ", "\n"])).map("".join))
def test_segments_cover_the_text_in_order(text):
    found = segments(text)
    assert "".join(text[s.start : s.end] for s in found) == text
    assert all(s.start < s.end for s in found)


def test_the_worlds_texts_are_taken_apart_at_its_marker():
    for prompt in world.prompts(None, 200, 1):
        for alignment in ("base", "aligned"):
            text = world.completion(prompt, alignment)
            at = text.rfind(MARKER)
            parts = [("refusal", text)] if world.refused(text) else [("reasoning", text[:at]), ("answer", text[at:])]
            assert [(s.kind, text[s.start : s.end]) for s in segments(text)] == [part for part in parts if part[1]], text
