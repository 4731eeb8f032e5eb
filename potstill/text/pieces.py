"""A text and its parts: what is a small part of a long text is seen where the parts are looked at too."""

from __future__ import annotations

import re

SHORT = 30
"""Characters that a piece must have: about a short sentence."""
_SENTENCE = re.compile(r"[^.!?:;\n]*[.!?:;\n]+[\"'”’)\]]*\s*|[^.!?:;\n]+$")


def pieces(text: str, size: int = SHORT) -> list[tuple[int, int]]:
    """The spans of the whole text and, where it has several, of the pieces that cover it.

    A piece ends behind the sentence, or the part of one before a colon or semicolon, with which it has `size` characters; what is left at
    the end is one as well.
    """
    found, start = [], 0
    for sentence in _SENTENCE.finditer(text):
        if sentence.end() - start >= size or sentence.end() == len(text):
            found.append((start, sentence.end()))
            start = sentence.end()
    whole = (0, len(text))
    return [whole, *found] if len(found) > 1 else [whole]
