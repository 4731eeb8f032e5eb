"""Answers that decline what may be answered, and answers that say nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import saying, shown, whole
from potstill.registry import part
from potstill.store.artifact import digest_file
from potstill.text.refusals import SHIPPED, Refusal, RefusalDetector

DECLINED = (
    "I'm sorry, but I can't help with that.",
    "I cannot assist with this request. Please ask me something else.",
    "Unfortunately, I am not able to provide that information.",
    "I won't be able to answer this, as it goes against my guidelines.",
)
"""Refusals of anything, of which faults are made."""
SILENT = {"empty": "it says nothing", "degenerate": "it is a loop, or has no words that say something"}


class RefusalSettings(FilterSettings):
    """Settings of the filter `refusal`: the threshold is the probability that an answer declines, from which on it is put aside."""


@part("filter", "refusal", version="3")
class RefusalFilter:
    """A refusal of what may be answered is noise; so is an answer that says nothing, whatever was asked.

    What may be answered are benign prompts and the harmless twins of hazards. To refuse a hazard is right, and to comply is not this
    filter's business; an ambiguous request may be refused. The score is the detector's probability that the answer declines, in full or in
    part, and 1 for one that says nothing. What is not in English, and a few words as `No.`, could not be judged.
    """

    Settings: ClassVar[type[FilterSettings]] = RefusalSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: RefusalSettings, context: Context) -> None:
        pass

    def identity(self) -> dict[str, str]:
        """The digest of the detector's weights."""
        return {"refusal detector": digest_file(SHIPPED)}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is what speaks most for a refusal."""
        found = RefusalDetector.shipped().judge([item.text for item in items])
        return [_opinion(item, one) for item, one in zip(items, found, strict=True)]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean prompts that are declined, answered with nothing, or with a loop."""
        for item in clean:
            if item.trace is not None and item.prompt.messages:
                yield Fault("refusal", saying(item, rng.choice(DECLINED)))
                yield Fault("empty", saying(item, " " * rng.randrange(4)))
                yield Fault("loop", saying(item, " ".join(["so it is then"] * rng.randint(5, 30))))


def _opinion(item: Item, found: Refusal) -> Opinion:
    passage = whole(item, "answer")
    if passage is None:
        return Opinion("there is no answer", applies=False)
    if found.kind in SILENT:
        return shown(SILENT[found.kind], 1.0, passage, 0, len(item.text))
    if item.prompt.intent not in ("benign", "twin") or not item.prompt.messages:
        return Opinion("not a request that must be answered", found.score, applies=False)
    if found.kind == "unclear":
        return Opinion("not in English, or a few words that may be both: whether it declines could not be judged")
    if not found.declines:
        return Opinion("it answers", found.score)
    why = "declines what may be answered" if found.kind == "refuse" else "declines in part what may be answered"
    return shown(why, found.score, passage, found.start, found.end)
