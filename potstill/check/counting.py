"""How many prompts a recipe's sources hold, without asking the hub for any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from potstill.check.estimate import Counts
from potstill.prompts.request import OpenedSource, open_source
from potstill.recipe import Recipe
from potstill.types import Prompt

REMOTE = "hf"
"""The kind of source that would have to be downloaded."""


def count(recipe: Recipe) -> Counts:
    """Read the sources that are here, and count.

    Raises:
        RecipeError: an unknown source or setting.
        InputError: a source cannot be read.
    """
    asked, judged = recipe.prompts, recipe.evaluate
    training = [open_source(spec, "prompts.sources", asked.columns, seed=recipe.seed) for spec in asked.sources]
    columns = judged.columns or asked.columns
    evaluation = [open_source(spec, "evaluate.sources", columns, evaluation=True, seed=recipe.seed) for spec in judged.sources]
    prompts, held_out = _read(training, asked.limit), _read(evaluation, None)
    return Counts(
        prompts=None if prompts is None else len(prompts),
        characters=None if prompts is None else sum(map(_length, prompts)),
        evaluation=None if held_out is None else len(held_out),
        in_both=None if prompts is None or held_out is None else len({p.id for p in prompts} & {p.id for p in held_out}),
    )


def _read(sources: Sequence[OpenedSource], limit: int | None) -> list[Prompt] | None:
    """All prompts, each once; None when a source is not here."""
    if any(opened.kind == REMOTE for opened in sources):
        return None
    found = {prompt.id: prompt for opened in sources for prompt in islice(opened.source.prompts(), limit)}
    return list(found.values())


def _length(prompt: Prompt) -> int:
    return sum(len(message.content) for message in prompt.messages) or len(prompt.reference or "")
