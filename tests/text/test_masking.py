"""Texts with their topic masked."""

from __future__ import annotations

from potstill.text.masking import masked

VOCABULARY = frozenset(("i", "can't", "help", "with", "that", "here", "are"))


def test_only_words_of_the_vocabulary_are_left() -> None:
    assert masked("I can’t help with old oak boats, Ann.", VOCABULARY).text == "i can't help with xtopic ."


def test_numbers_items_paragraphs_and_code_have_names() -> None:
    found = masked("Here are 1,200:\n1. Boil it.\n* Cool it.\n\n```x```", VOCABULARY)
    assert found.words[:5] == ["here", "are", "xnumber", ":", "xitem"]
    assert found.words.count("xitem") == 2
    assert "xparagraph" in found.words
    assert found.words.count("xcode") == 2


def test_spans_lead_back_to_the_text() -> None:
    text = "Old oak boats: I can’t help."
    found = masked(text, VOCABULARY)
    assert [text[start:end] for start, end in found.spans] == ["Old oak boats", ":", "I", "can’t", "help", "."]
    at = found.text.index("can't")
    start, end = found.span(at, at + len("can't help"))
    assert text[start:end] == "can’t help"
    assert found.span(1000, 1001) == (0, 0)


def test_nothing_stays_nothing() -> None:
    assert masked(" \n", VOCABULARY).words == []
