"""The steps that a text goes by: its lines, and the sentences in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STOP = re.compile(r"[.!?]+[)\]\"'*_]*(?=\s)|(?<=[;:,])(?=\s+[Ss]tep\s+\d+\b)")
"""Where a sentence may end: at a full stop and what closes behind it, with a space after; and before `Step 3` within a line."""
_NO_END = re.compile(r"(?:\b(?:e\.g|i\.e|etc|cf|vs|approx|resp|no|fig|eq|dr|mr|mrs|ms|prof|st)|\b[A-Z])\.$", re.IGNORECASE)
"""Words whose full stop ends no sentence."""
_NUMBERED = re.compile(r"(?:[-*•#>\s]*)(?:[Ss]tep\s+)?\(?(?:\d{1,3}|[a-zA-Z])[.)]$")
"""What a numbered line begins with, which is no sentence of its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """A span of a text, in characters, half open; no space stands at either end."""

    start: int
    end: int


def steps(text: str, start: int = 0, end: int | None = None) -> list[Step]:
    """The steps of `text[start:end]`, in order: what stands between them is space alone.

    A line is a step, or as many as it has sentences: these end at a full stop, exclamation mark or question mark before a space. The stop
    of a number (`3.5`), of an abbreviation (`e.g.`) and behind a line's own number (`2.`) ends nothing; `Step 3` begins a step anywhere.

    Args:
        text: reasoning or an answer.
        start: where the part begins that is cut; the spans are places in the whole text.
        end: where it ends; None: with the text.
    """
    end = len(text) if end is None else end
    return [step for first, last in _lines(text, start, end) for step in _sentences(text, first, last)]


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for line in text[start:end].splitlines(keepends=True):
        yield at, at + len(line)
        at += len(line)


def _sentences(text: str, start: int, end: int) -> Iterator[Step]:
    """The sentences of one line."""
    first = start
    for stop in _STOP.finditer(text, start, end):
        said = text[first : stop.end()]
        if not _NO_END.search(said) and not _NUMBERED.fullmatch(said):
            yield from _trimmed(text, first, stop.end())
            first = stop.end()
    yield from _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Step]:
    """The span without the space around it; nothing where there is nothing else."""
    said = text[start:end]
    if said.strip():
        start += len(said) - len(said.lstrip())
        yield Step(start, start + len(said.strip()))
