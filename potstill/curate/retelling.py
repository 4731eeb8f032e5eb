"""Texts told otherwise, to see whether a filter still knows them: other numbers, other names, another order, other text around them."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from potstill.curate.base import Item
from potstill.types import Message, Prompt

NAMES = (
    *("Ada", "Bruno", "Chidi", "Dalia", "Emre", "Farah", "Goran", "Hana", "Imre", "Jun", "Kofi", "Leila", "Mirko", "Noor", "Odile"),
    *("Pavel", "Quentin", "Ravi", "Sanna", "Tariq", "Ulla", "Viktor", "Wanjiru", "Ximena", "Yusuf", "Zofia"),
)
_NUMBER = re.compile(r"\d+")
_CAPITAL = re.compile(r"\b[A-Z][a-z]+\b")
_SENTENCE = re.compile(r"(?<=[.?!])\s+")


def renumbered(text: str, rng: random.Random) -> str:
    """The text with other numbers, of as many digits; the same number becomes the same other one."""
    other: dict[str, str] = {}
    return _NUMBER.sub(lambda match: other.setdefault(match[0], _other(match[0], rng)), text)


def renamed(text: str, rng: random.Random) -> str:
    """The text with other names: other words for those with a capital that stand, anywhere in it, within a sentence."""
    within = {match[0] for sentence in _SENTENCE.split(text) for match in _CAPITAL.finditer(sentence) if match.start()}
    other = dict(zip(sorted(within), rng.sample(NAMES, min(len(within), len(NAMES))), strict=False))
    return _CAPITAL.sub(lambda match: other.get(match[0], match[0]), text)


def reordered(text: str) -> str:
    """The last sentence first."""
    *before, last = _SENTENCE.split(text.strip())
    return " ".join([last, *before])


def retold(text: str, rng: random.Random) -> str:
    """The text by its template: other numbers and names, and the last sentence first."""
    return reordered(renamed(renumbered(text, rng), rng))


def surrounded(text: str, before: str, after: str) -> str:
    """The text between two others."""
    return "\n\n".join(part for part in (before, text, after) if part)


def _other(number: str, rng: random.Random) -> str:
    """A number of as many digits that is another; its first digit is no 0, unless it was."""
    if not number.isdecimal() or not number.isascii():
        return number
    low, high = (0, 9) if len(number) == 1 else (10 ** (len(number) - 1), 10 ** len(number) - 1)
    while (drawn := str(rng.randint(low, high))) == number:
        pass
    return drawn


def answered(item: Item, text: str) -> Item:
    """The item with that text as its answer; it must have one."""
    if item.trace is None:
        raise ValueError("a prompt alone has no answer")
    trace = replace(item.trace, text=text)
    return replace(item, trace=trace, trace_id=trace.id)


def asked(item: Item, prompt: Prompt) -> Item:
    """The item, its answer included, with that prompt in place of its own."""
    if item.trace is None:
        return Item(prompt.id, prompt)
    trace = replace(item.trace, prompt_id=prompt.id)
    return Item(prompt.id, prompt, trace.id, trace)


def posed(prompt: Prompt, text: str) -> Prompt:
    """The prompt with that text as its last turn; plain text is that text."""
    if not prompt.messages:
        return replace(prompt, reference=text)
    return replace(prompt, messages=(*prompt.messages[:-1], Message("user", text)))
