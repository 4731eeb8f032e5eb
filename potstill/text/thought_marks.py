"""The marks that begin and end a thought in a text, and what is said behind thoughts."""

from __future__ import annotations

import re

OPENINGS = ("<think>", "<thinking>", "[THINK]", "<|START_THINKING|>", "<seed:think>", "◁think▷")
CLOSINGS = ("</think>", "</thinking>", "[/THINK]", "<|END_THINKING|>", "</seed:think>", "◁/think▷")
"""Marks that begin and end a thought; the first of them are those that potstill writes itself."""
_OPENING, _CLOSING = (re.compile("|".join(map(re.escape, marks)), re.IGNORECASE) for marks in (OPENINGS, CLOSINGS))


def behind_thoughts(text: str) -> str:
    """What is said behind the last thought that has an end, up to one that has none."""
    ends = [found.end() for found in _CLOSING.finditer(text)]
    return _OPENING.split(text[ends[-1] if ends else 0 :], maxsplit=1)[0].strip()
