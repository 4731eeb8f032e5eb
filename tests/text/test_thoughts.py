from __future__ import annotations

import pytest

from potstill.text.chat import encode, render
from potstill.text.thoughts import ends_thinking, may_think, stand_ins
from potstill.types import Message, Prompt
from tests.text.pieces import HARMONY, THINKS, of_bytes

ASKED = Prompt((Message("user", "2 + 2?"),))


@pytest.mark.parametrize("special", [(), ("<think>", "</think>")])
def test_a_template_that_begins_a_thought(special):
    tokenizer = of_bytes(special)
    tokenizer.chat_template = THINKS
    assert may_think(tokenizer)
    assert ends_thinking(tokenizer, render(tokenizer, ASKED, None).input_ids)
    tokenizer.chat_template = THINKS.replace("<think>\n", "<think>\n\n</think>\n\n")
    assert not ends_thinking(tokenizer, render(tokenizer, ASKED, None).input_ids)
    assert not ends_thinking(tokenizer, ())
    assert not may_think(of_bytes(special))


def test_only_special_tokens_are_written_otherwise():
    tokenizer = of_bytes(["[THINK]", "[/THINK]", "<other>"])
    ids = encode(tokenizer, "[THINK]a[/THINK]b<other>")
    assert stand_ins(tokenizer, ids) == ["<think>", None, "</think>", None, None]
    assert set(stand_ins(of_bytes(), encode(of_bytes(), "[THINK]a[/THINK]"))) == {None}


def _written(text: str) -> str:
    tokenizer = of_bytes(HARMONY)
    ids = encode(tokenizer, text)
    marks = stand_ins(tokenizer, ids)
    assert len(marks) == len(ids)
    return "".join(tokenizer.decode([i], skip_special_tokens=True) if mark is None else mark for i, mark in zip(ids, marks, strict=True))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<|channel|>final<|message|>Four.<|return|>", "Four."),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>analysis<|message|>b", "<think>ab"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>", "<think>a</think>b"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assi", "<think>a"),
        ("<|channel|>ana", ""),
        ("no <|message|>header", "no header"),
    ],
)
def test_headers_of_harmony_are_changes_of_channel(text, written):
    assert _written(text) == written
