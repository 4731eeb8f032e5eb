"""What an answer says once its code is undone: an encoded answer is decoded before it is judged."""

from __future__ import annotations

import re

from potstill.attacks.base import open_attack, wrappers
from potstill.registry import names
from potstill.types import Prompt

COMMON = frozenset(
    (
        *("the", "of", "and", "to", "a", "in", "is", "it", "that", "for", "i", "you", "not", "be", "this", "with", "on", "as", "are"),
        *("can", "cannot", "do", "have", "or", "but", "will", "if", "your", "my", "me", "so", "an", "at", "by", "from", "sorry", "help"),
    )
)
"""Words that stand in most English answers."""
_WORDS = re.compile(r"[^\W_]+")


def readings(prompt: Prompt, text: str) -> tuple[str, ...]:
    """The text as it stands, and what it says by the code of each attack family around the prompt, where that is something else.

    An answer gives away what any of its readings does. Some may say nothing: a plain text decoded is none.
    """
    known = set(names("attack")) if prompt.wrapper else set()
    found = [text, *(open_attack(name).plain(text) for name in wrappers(prompt) if name in known)]
    return tuple(dict.fromkeys(found))


def plainest(prompt: Prompt, text: str) -> str:
    """The reading with the largest share of common words, which tells whether an answer declines; where none has any, the text itself."""
    return max(readings(prompt, text), key=_commonness)


def _commonness(text: str) -> float:
    words = _WORDS.findall(text.casefold())
    return sum(word in COMMON for word in words) / max(len(words), 1)
