"""Answers that were cut off."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import SHOWN, saying, shown, whole
from potstill.registry import part
from potstill.text.answers import final_answer
from potstill.text.thought_marks import CLOSINGS, OPENINGS

CUT, OPEN, LEANING, UNENDED = 1.0, 0.9, 0.7, 0.3
"""Scores: the teacher says so; a thought or a block of code has no end; the last word wants another; the last sentence has no end."""
FEW = 8
"""Words of a last line that may stand without an end: a heading, a list's item, a short answer."""
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_LEANS = re.compile(
    r"(?:[,;(\[{=+*/]|(?<=\s)[-–—&]|\b(?:and|or|the|an?|of|to|in|with|for|from|that|which|because|if|is|are|was|then|so|by|as))\s*\Z", re.I
)
_ENDED = re.compile(r"[.!?…:。！？।][^\w,;(\[{=+/]*\Z|```\s*\Z|~~~\s*\Z")
_CUTS = {
    "cut within a word": re.compile(r"(?<=\w)(?=\w)"),
    "cut behind a word": re.compile(r"(?<=\w)(?=\s)"),
    "cut behind a sentence": re.compile(r"(?<=[.!?])(?=\s)"),
}
"""Kind of fault -> the places at which an answer may be cut."""
_ITEM = re.compile(r"\s*(?:[-*•|#]|\d+[.)])")


class TruncationSettings(FilterSettings):
    """Settings of the filter `truncation`.

    Attributes:
        threshold: how sure it must be that an answer was cut; above 0.3 a longer last sentence without a full stop stays.
    """

    threshold: float = UNENDED


@part("filter", "truncation", version="2")
class TruncationFilter:
    """Answers that were cut off are noise: at the limit of their length, within a thought, a block of code or a sentence.

    The score tells how sure that is: 1 where the teacher says that it reached its limit, 0.9 for a thought or a block of code that is not
    closed, 0.7 for an end that wants another word (`and`, a comma, a bracket), 0.3 for a longer last line without a full stop, 0 for all
    else. A marked final answer is an end. Continuations of plain text end anywhere, and are not judged.
    """

    Settings: ClassVar[type[FilterSettings]] = TruncationSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: TruncationSettings, context: Context) -> None:
        pass

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is its end."""
        return [_opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean answers at their limit, in an open thought, in an open block of code, or with a sentence begun behind them.

        Hard: clean answers cut anywhere, within a word, behind a word or behind a sentence, of which the teacher does not say so.
        """
        for item in clean:
            if item.trace is None or not item.prompt.messages:
                continue
            limited = saying(item, item.text[: rng.randrange(max(len(item.text), 1))])
            yield Fault("limit", replace(limited, trace=limited.trace and replace(limited.trace, finish_reason="length")))
            yield Fault("thought", saying(item, f"{rng.choice(OPENINGS)}\n{item.text}"))
            yield Fault("code", saying(item, f"{item.text}\n```python\nx = {rng.randrange(100)}\n"))
            yield Fault("sentence", saying(item, f"That is right, {rng.choice(['and', 'because', 'for', 'which is'])}"))
            for kind, form in _CUTS.items():
                if places := [found.start() for found in form.finditer(item.text) if found.start() < len(item.text.rstrip())]:
                    yield Fault(f"{HARD}{kind}", saying(item, item.text[: rng.choice(places)]))


def _opinion(item: Item) -> Opinion:
    passage = whole(item, "answer")
    if item.trace is None or passage is None or not item.prompt.messages:
        return Opinion("nothing was asked, or answered", applies=False)
    why, score = "reached its limit", CUT
    if item.trace.finish_reason != "length":
        why, score = _end(item.text)
    return shown(why, score, passage, max(len(item.text) - SHOWN, 0), len(item.text))


def _end(text: str) -> tuple[str, float]:
    """How a text ends, and how sure it is that it was cut there."""
    if _last(text, OPENINGS) > _last(text, CLOSINGS):
        return "a thought has no end", OPEN
    if len(_FENCE.findall(text)) % 2:
        return "a block of code has no end", OPEN
    if final_answer(text) is not None or _ENDED.search(text):
        return "has an end", 0.0
    if _LEANS.search(text):
        return "the last word wants another", LEANING
    last = text.rstrip().rpartition("\n")[2]
    if len(last.split()) <= FEW or _ITEM.match(last):
        return "needs no full stop", 0.0
    return "the last sentence has no end", UNENDED


def _last(text: str, marks: Sequence[str]) -> int:
    """Where the last of these marks stands; -1: nowhere."""
    plain = text.casefold()
    return max(plain.rfind(mark.casefold()) for mark in marks)
