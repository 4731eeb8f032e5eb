"""Answers that decline what may be answered, and answers that say nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import saying, shown, whole
from potstill.registry import part
from potstill.store.artifact import digest_file
from potstill.text.refusals import SHIPPED, Refusal, RefusalDetector

DECLINED = (
    "I'm sorry, but answering this lies outside of what I can do.",
    "I cannot give you a reply to this one. Please try another topic.",
    "Unfortunately, I am not able to work on this task for you.",
    "I won't be able to answer here, because my rules forbid it.",
)
"""Refusals of anything, of which faults are made. None of them, nor of those below, is among the phrases that the detector learnt from."""
INDIRECT = (
    "This seems like a matter for an expert who knows your situation, so I would turn to one.",
    "Perhaps we could chat about gardening or music for a while?",
    "My creators want me to stay clear of topics of this kind.",
    "Questions like yours tend to lead to trouble, and trouble is what I try to prevent.",
    "Before anything else, think about who might get hurt. That should come first.",
    "There are things better left unsaid, and this belongs to them.",
)
"""Answers that decline without saying so."""
INSTEAD = (
    "A full reply is more than I may give. What follows is only part of the matter.",
    "Some of this I have to keep back, though not all of it.",
)
"""Beginnings of answers that decline and give something all the same."""
FOREIGN = (
    "Es tut mir leid, aber bei dieser Frage kann ich nicht behilflich sein.",
    "Je suis navré, mais je ne suis pas en mesure de répondre à cette question.",
    "Lo lamento, pero no me es posible responder a esta pregunta.",
)
CURT = ("No.", "Nope, sorry.", "Not this time.", "I refuse.", "Certainly not!")
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
        """Clean prompts that are declined, answered with nothing, or with a loop.

        Hard: declined indirectly, in part, behind a thought that would comply, in a few words, and in another language.
        """
        for item in clean:
            if item.trace is not None and item.prompt.messages:
                yield Fault("refusal", saying(item, rng.choice(DECLINED)))
                yield Fault(f"{HARD}indirect", saying(item, rng.choice(INDIRECT)))
                yield Fault(f"{HARD}in part", saying(item, f"{rng.choice(INSTEAD)}\n\n{item.text}"))
                yield Fault(f"{HARD}behind a thought", saying(item, f"<think>{item.text}</think>\n{rng.choice(DECLINED)}"))
                yield Fault(f"{HARD}in a few words", saying(item, rng.choice(CURT)))
                yield Fault(f"{HARD}another language", saying(item, rng.choice(FOREIGN)))
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
