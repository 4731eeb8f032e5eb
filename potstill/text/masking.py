"""Texts with what they are about masked: only how something is said is left, so that no topic can be learnt for a manner of speaking."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from potstill.text.hashing import plain

TOPIC, NUMBER, ITEM, PARAGRAPH, CODE = "xtopic", "xnumber", "xitem", "xparagraph", "xcode"
"""What stands for a run of words outside the vocabulary, a number, the mark of an item of a list, an empty line, a fence of code."""
_PIECE = re.compile(r"\n\s*(?:\d+[.)]|[*\-•])\s|\n\s*\n|```|\d[\d,.]*|[^\W_]+(?:'[^\W_]+)*|[.!?:;\"]")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with its topic masked.

    Attributes:
        words: the words that are left, and the names of what stands for others.
        spans: where each of them stands in the text, in characters; a run of masked words is one span.
    """

    words: list[str]
    spans: list[tuple[int, int]]

    @property
    def text(self) -> str:
        """The words, parted by spaces."""
        return " ".join(self.words)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text that was masked a part of `text` stands, in characters."""
        found, at = [], 0
        for word, span in zip(self.words, self.spans, strict=True):
            if at < end and at + len(word) > start:
                found.append(span)
            at += len(word) + 1
        return (found[0][0], found[-1][1]) if found else (0, 0)


def masked(text: str, vocabulary: Collection[str]) -> Masked:
    """The text with every word masked that is not in the vocabulary, runs of such words as one; quotes are made straight."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for piece in _PIECE.finditer(plain(text)):
        word = piece[0]
        if word not in vocabulary:
            word = TOPIC if word[0].isalpha() else _name(word)
        if word == TOPIC and words and words[-1] == TOPIC:
            spans[-1] = spans[-1][0], piece.end()
        else:
            words.append(word)
            spans.append(piece.span())
    return Masked(words, spans)


def _name(piece: str) -> str:
    """What stands for a piece that is no word."""
    if piece[0] == "\n":
        return ITEM if piece.strip() else PARAGRAPH
    if piece[0].isdigit():
        return NUMBER
    return CODE if piece == "```" else piece
