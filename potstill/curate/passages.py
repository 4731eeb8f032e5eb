"""The texts of an item that filters look through, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from potstill.curate.base import Item
from potstill.types import Prompt, Trace, Within

Of = Literal["prompt", "turn", "reference", "reasoning", "answer"]
"""`prompt`: the last user's turn; `turn`: another one of the conversation; `reference`: plain text that a teacher scores."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of an item.

    Attributes:
        of: what it is.
        text: never empty.
        within: where spans of it stand; empty for another turn, which spans cannot name.
        offset: characters that stand before it there.
    """

    of: Of
    text: str
    within: Within
    offset: int = 0

    def span(self, start: int, end: int) -> tuple[Within, int | None, int | None]:
        """Where characters of the text stand in the item."""
        return (self.within, self.offset + start, self.offset + end) if self.within else ("", None, None)


def passages(item: Item) -> list[Passage]:
    """What an item says, in order: the turns of its prompt or its plain text, then the reasoning and the answer."""
    asked = list(_asked(item.prompt))
    answered = [] if item.trace is None else list(_answered(item.trace))
    if item.trace is not None and not item.prompt.messages and item.trace.text == item.prompt.reference:
        return answered
    return asked + answered


def _asked(prompt: Prompt) -> Iterator[Passage]:
    last = max((place for place, turn in enumerate(prompt.messages) if turn.role == "user"), default=-1)
    for place, turn in enumerate(prompt.messages):
        if turn.content:
            yield Passage("prompt", turn.content, "prompt") if place == last else Passage("turn", turn.content, "")
    if not prompt.messages and prompt.reference:
        yield Passage("reference", prompt.reference, "reference")


def _answered(trace: Trace) -> Iterator[Passage]:
    """The text of a trace, parted where reasoning ends."""
    if not trace.segments:
        if trace.text:
            yield Passage("answer", trace.text, "answer")
        return
    for reasoning, run in groupby(trace.segments, lambda segment: segment.kind == "reasoning"):
        spans = list(run)
        start, end = spans[0].start, spans[-1].end
        if end > start:
            yield Passage("reasoning" if reasoning else "answer", trace.text[start:end], "answer", start)
