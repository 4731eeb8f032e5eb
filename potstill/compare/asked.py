"""What candidates are asked: the recipe's own prompts, by what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from potstill.attacks import only_evaluates
from potstill.errors import InputError
from potstill.prompts.opening import open_sources
from potstill.prompts.reading import read
from potstill.recipe import Recipe
from potstill.types import Prompt

Kind = Literal["capability", "text", "hazard", "twin", "ambiguous"]
"""`capability`: harmless, with a grader; `text`: plain text to predict; the others as `Prompt.intent`."""
KINDS: tuple[Kind, ...] = get_args(Kind)


def kind_of(prompt: Prompt) -> Kind | None:
    """What the prompt shows of a teacher; None where nobody could judge the answer."""
    if not prompt.messages:
        return "text"
    if prompt.intent == "benign":
        return None if prompt.grader is None else "capability"
    return prompt.intent


def prompts_of(recipe: Recipe, items: int) -> dict[Kind, list[Prompt]]:
    """At most `items` prompts of each kind, spread over its skills: of `evaluate.sources`, or without them of `prompts.sources`.

    Hazards of half B are left out: they only evaluate, and to choose a teacher by them would be to train on them.

    Raises:
        RecipeError, InputError: a source cannot be read, or no prompt shows anything.
    """
    sources = open_sources(recipe)
    opened = sources.evaluation if recipe.evaluate.sources else sources.training
    found: dict[Kind, list[Prompt]] = {}
    for prompt in read(opened, recipe.prompts.max_quarantined).prompts.values():
        kind = kind_of(prompt)
        if kind is not None and not only_evaluates(prompt):
            found.setdefault(kind, []).append(prompt)
    if not found:
        fix = "name evaluate.sources whose prompts have a grader, as in world:math?n=200"
        raise InputError("none of the recipe's prompts tells a good teacher from a bad one", where="evaluate.sources", fix=fix)
    return {kind: in_turn(found[kind], items) for kind in KINDS if kind in found}


def in_turn(prompts: Sequence[Prompt], items: int) -> list[Prompt]:
    """The first `items`, taken from the skills in turn."""
    skills: dict[str, list[Prompt]] = {}
    for prompt in prompts:
        skills.setdefault(prompt.skill, []).append(prompt)
    return [one for _, one in sorted(_numbered(skills), key=lambda pair: pair[0])][:items]


def _numbered(skills: Mapping[str, Sequence[Prompt]]) -> list[tuple[int, Prompt]]:
    return [(place, prompt) for mine in skills.values() for place, prompt in enumerate(mine)]
