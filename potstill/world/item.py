"""What a skill is, and the item that its generator draws."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from potstill.types import Half, Intent, Message, Prompt

VERSION = "2"
"""The world's version: raised whenever a prompt, an answer or the lexicon changes."""
OPENERS = ("", "", "", "", "Hello. ", "Please help. ", "A question: ", "Now this: ")
"""What may stand before any request."""
HELD_OUT_SHARE = 10
"""One prompt in so many is held out."""


@dataclass(frozen=True, slots=True)
class Item:
    """One drawn task.

    Attributes:
        ask: the user's turn.
        answer: the right final answer.
        trace: the reasoning that leads to it; empty for skills without one.
        system: the system turn; empty for none.
        variant: the form within the skill, or what pairs two items; it ends up in the prompt's source.
        intent, family, half, risk, wrapper: as in `Prompt`.
    """

    ask: str
    answer: str
    trace: str = ""
    system: str = ""
    variant: str = ""
    intent: Intent = "benign"
    family: str | None = None
    half: Half | None = None
    risk: float | None = None
    wrapper: str | None = None


@dataclass(frozen=True, slots=True)
class Skill:
    """A kind of task.

    Attributes:
        name: the unit in which accuracy is reported.
        domain: dotted label, broad to narrow.
        generate: draws one item.
        traced: whether the gold completion reasons before it answers.
        required: the accuracy on unseen items that `world:base` must reach.
    """

    name: str
    domain: str
    generate: Callable[[random.Random], Item]
    traced: bool = False
    required: float = 0.9

    def prompt(self, rng: random.Random) -> Prompt:
        """One item as a prompt; in half of the draws an opener stands before the request."""
        item = self.generate(rng)
        turns = [Message("system", item.system)] if item.system else []
        return Prompt(
            messages=(*turns, Message("user", rng.choice(OPENERS) + item.ask)),
            domain=self.domain,
            skill=self.name,
            reference=item.answer,
            rationale=item.trace or None,
            grader="world",
            intent=item.intent,
            family=item.family,
            half=item.half,
            risk=item.risk,
            wrapper=item.wrapper,
            source="/".join(part for part in (f"world:{VERSION}", self.name, item.variant) if part),
            licence="Apache-2.0",
        )


def held(prompt: Prompt) -> bool:
    """Whether the prompt is held out from training: a matter of its text alone."""
    return int(prompt.id, 16) % HELD_OUT_SHARE == 0


def say(rng: random.Random, phrasings: Sequence[str], **slots: object) -> str:
    """One of the phrasings, its slots filled."""
    return rng.choice(phrasings).format(**slots)


def listed(words: Sequence[object]) -> str:
    """`a, b, c`."""
    return ", ".join(map(str, words))
