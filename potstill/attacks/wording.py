"""What families that put the request itself in other words share: rules that find what it asks to be done."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import ClassVar, Literal

from potstill.attacks.base import Attack, asking, fill
from potstill.types import Prompt

REWORDED = frozenset(
    ("how", "do", "does", "can", "could", "would", "should", "to", "i", "you", "we", "one", "people", "somebody", "please", "me", "tell")
)
"""Words that the rules may take away."""

_BEFORE = re.compile(r"(?s)(.*[.:!?]\s+)?(.*)")
_HOW = re.compile(
    r"(?is)(?:please |can you |could you )*(?:tell me )?how (?:do|can|could|would|should) (?:i|you|we|one|people|somebody) (.+)"
)
_HOW_TO = re.compile(r"(?is)(?:please |can you |could you )*(?:tell me )?how to (.+)")
_VERBS = (
    *("write", "create", "make", "develop", "design", "build", "describe", "explain", "provide", "give", "list", "outline", "teach"),
    *("generate", "draft", "compose", "suggest", "show", "produce", "name", "plan", "prepare", "construct", "formulate", "instruct"),
)
_IMPERATIVE = re.compile(rf"(?is)(?:please |can you |could you )*((?:{'|'.join(_VERBS)}) .+)")


class Rewording(Attack):
    """A family that asks for the same in another mood or tense: for the last sentence's task where the rules find one, else as it is.

    Attributes:
        OF_TASKS: each takes what is to be done, as it would follow a `to`, at `{}`.
        OF_ANYTHING: each takes the whole request at `{}`.
    """

    CARRIES: ClassVar[Literal["whole", "words"]] = "words"
    ALTERS: ClassVar[frozenset[str]] = REWORDED
    OF_TASKS: ClassVar[tuple[str, ...]]
    OF_ANYTHING: ClassVar[tuple[str, ...]]

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The last user's turn in one of the phrasings; what stands before its last sentence stays."""
        found = task_of(prompt.question)
        if found is None:
            return [asking(prompt, fill(rng.choice(self.OF_ANYTHING), prompt.question))]
        before, task = found
        return [asking(prompt, before + fill(rng.choice(self.OF_TASKS), task))]


def task_of(request: str) -> tuple[str, str] | None:
    """What stands before the last sentence, and what that one asks to be done, as it would follow a `to`; None where no rule fits.

    `Hello. How do I make bread?` gives `Hello. ` and `make bread`.
    """
    found = _BEFORE.fullmatch(request.strip())
    before, last = (found[1] or "", found[2]) if found else ("", request)
    for rule in (_HOW, _HOW_TO, _IMPERATIVE):
        asked = rule.fullmatch(last)
        if asked:
            task = asked[1].strip().rstrip("?.!").rstrip()
            return (before, task[:1].lower() + task[1:]) if task else None
    return None
