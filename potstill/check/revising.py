"""What revisions by a constitution take at most, in tokens an answer."""

from __future__ import annotations

from dataclasses import dataclass

from potstill.generate.revision import CRITICISE, REVISE
from potstill.judges.critique import question
from potstill.judges.rules import read_rules
from potstill.recipe.sections import RevisionSection
from potstill.text.steps import Step
from potstill.types import Prompt

NUMBERED = 8
"""Tokens that the number before a step takes at most; a step has one token at least."""
QUOTED = 16
"""Tokens around a rule and the words that break it."""


@dataclass(frozen=True, slots=True)
class Revising:
    """What one answer may take beside its own drawing.

    Attributes:
        prompts: how often its prompt is read again.
        read: other tokens that are read.
        written: tokens that are drawn.
    """

    prompts: int = 0
    read: int = 0
    written: int = 0


def revising(settings: RevisionSection | None, longest: int, turn: int) -> Revising:
    """The most that an answer may take: every version breaks every rule, and the teacher criticises each, which takes more than going on.

    Args:
        settings: of the recipe; None: no answer is revised.
        longest: tokens of an answer.
        turn: tokens that a chat template adds a turn.

    Raises:
        InputError, RecipeError: the rules cannot be read.
    """
    if settings is None:
        return Revising()
    rules = read_rules(settings.constitution, "generate.revision.constitution")
    asking = [rule for rule in rules if rule.kind == "teacher"]
    listed = sum(len(rule.text.encode()) + QUOTED + longest for rule in rules)
    criticism = longest + len(CRITICISE.encode()) + listed + 2 * turn
    revision = criticism + longest + len(REVISE.encode()) + 2 * turn
    asked = sum(_question(rule.text) + longest * (1 + NUMBERED) + turn for rule in asking)
    rounds = settings.rounds
    return Revising(
        prompts=2 * rounds + len(asking) * (rounds + 1),
        read=rounds * (criticism + revision) + (rounds + 1) * asked,
        written=2 * rounds * longest + (rounds + 1) * len(asking) * longest,
    )


def _question(rule: str) -> int:
    """Bytes of what a teacher is asked about a rule, the prompt and the answer aside."""
    return len(question(rule, Prompt(()), " ", [Step(0, 1)]).question.encode())
