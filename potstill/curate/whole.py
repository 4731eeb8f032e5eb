"""The one text of an item that a filter looks at as a whole, and opinions on it that say where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from potstill.curate.base import Item, Opinion
from potstill.curate.passages import Passage
from potstill.types import Message

Over = Literal["prompt", "answer"] | None
"""Which text; None: the answer, and of a prompt that stands alone the prompt."""
SHOWN = 120
"""Characters of the evidence."""


@dataclass(frozen=True, slots=True)
class Excess:
    """A measure of a text or of its scoring that may exceed its limit.

    Attributes:
        what: is measured, and what was found.
        score: how many times the limit that is.
        start, end: where it shows, half open: in characters of the text, or in tokens of the scoring.
    """

    what: str
    score: float
    start: int = 0
    end: int = 0


def whole(item: Item, over: Over = None) -> Passage | None:
    """The last user's turn, the plain text that is scored, or the whole answer; None where the item has no such text."""
    if item.trace is not None and over != "prompt":
        return Passage("answer", item.trace.text, "answer")
    if over == "answer":
        return None
    if item.prompt.messages:
        return Passage("prompt", item.prompt.question, "prompt")
    return Passage("reference", item.prompt.reference or "", "reference")


def shown(why: str, score: float | None, passage: Passage, start: int, end: int) -> Opinion:
    """An opinion with the characters that show it as evidence, the first `SHOWN` of them."""
    end = min(end, start + SHOWN)
    within, first, last = passage.span(start, end)
    return Opinion(why, score, evidence=passage.text[start:end], within=within, start=first, end=last)


def saying(item: Item, text: str, over: Over = None) -> Item:
    """The item with another text in that place, and with the ids that follow from it."""
    trace, prompt = item.trace, item.prompt
    if trace is not None and over != "prompt":
        trace = replace(trace, text=text, segments=())
        return replace(item, trace=trace, trace_id=trace.id)
    if prompt.messages:
        last = max(place for place, turn in enumerate(prompt.messages) if turn.role == "user")
        turns = (*prompt.messages[:last], Message("user", text), *prompt.messages[last + 1 :])
        prompt = replace(prompt, messages=turns)
    else:
        prompt = replace(prompt, reference=text)
    trace = trace and replace(trace, prompt_id=prompt.id)
    return Item(prompt.id, prompt, trace.id if trace else "", trace)
