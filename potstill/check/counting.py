"""How many prompts a recipe's sources hold, without asking the hub for any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from potstill.check.estimate import Counts
from potstill.prompts.request import OpenedSource, open_source
from potstill.recipe import Recipe
from potstill.types import Prompt

REMOTE = "hf"
"""The kind of source that would have to be downloaded."""


@dataclass(frozen=True, slots=True)
class Found:
    """The distinct prompts of a recipe's sources; None where they would have to be downloaded.

    Attributes:
        asked: of the teachers.
        held: that only evaluate, all of them.
        chosen: of `held` those that are measured on.
    """

    asked: Sequence[Prompt] | None
    held: Sequence[Prompt] | None
    chosen: Sequence[Prompt] | None


def find_prompts(recipe: Recipe) -> Found:
    """Read the sources that are here.

    Raises:
        RecipeError: an unknown source or setting.
        InputError: a source cannot be read.
    """
    asked, judged = recipe.prompts, recipe.evaluate
    training = [open_source(spec, "prompts.sources", asked.columns, seed=recipe.seed) for spec in asked.sources]
    columns = judged.columns or asked.columns
    evaluation = [open_source(spec, "evaluate.sources", columns, evaluation=True, seed=recipe.seed) for spec in judged.sources]
    held = _read(evaluation, None)
    return Found(_read(training, asked.limit), held, None if held is None else _chosen(held, judged.per_skill))


def count(found: Found) -> Counts:
    """How much there is to do."""
    asked, held, chosen = found.asked, found.held, found.chosen
    return Counts(
        prompts=None if asked is None else len(asked),
        characters=None if asked is None else sum(map(_length, asked)),
        evaluation=None if chosen is None else len(chosen),
        evaluation_characters=None if chosen is None else sum(map(_length, chosen)),
        answered=None if chosen is None else sum(bool(prompt.messages) for prompt in chosen),
        in_both=None if asked is None or held is None else len({p.id for p in asked} & {p.id for p in held}),
    )


def _chosen(prompts: Sequence[Prompt], per_skill: int | None) -> list[Prompt]:
    """At most so many prompts of each skill, as the evaluation takes them."""
    seen: Counter[str] = Counter()
    chosen = []
    for prompt in prompts:
        seen[prompt.skill] += 1
        if per_skill is None or seen[prompt.skill] <= per_skill:
            chosen.append(prompt)
    return chosen


def _read(sources: Sequence[OpenedSource], limit: int | None) -> list[Prompt] | None:
    """All prompts, each once; None when a source is not here."""
    if any(opened.kind == REMOTE for opened in sources):
        return None
    found = {prompt.id: prompt for opened in sources for prompt in islice(opened.source.prompts(), limit)}
    return list(found.values())


def _length(prompt: Prompt) -> int:
    return sum(len(message.content) for message in prompt.messages) or len(prompt.reference or "")
