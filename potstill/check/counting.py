"""How many prompts a recipe's sources hold, without asking the hub for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from potstill.check.estimate import TURN, Counts
from potstill.curate.strata import COLUMNS
from potstill.evaluate.stage import choose
from potstill.prompts.mixing import mixes, mixture
from potstill.prompts.opening import Asked, open_sources
from potstill.prompts.reading import Read, read, without
from potstill.prompts.sifting import Aside
from potstill.recipe import Recipe
from potstill.sources import Keeping, OpenedSource
from potstill.sources.labels import Help, Tally, label, ready_labellers
from potstill.store.tables import from_rows
from potstill.types import Prompt

REMOTE = "hf"
"""The kind of source that would have to be downloaded."""


@dataclass(frozen=True, slots=True)
class Found:
    """The distinct prompts of a recipe's sources, as they are asked; None where they would have to be downloaded.

    Attributes:
        asked: of the teachers.
        in_both: how many of the training sources' prompts also validate or evaluate, and so are not asked.
        held: that only evaluate, all of them.
        chosen: of `held` those that are measured on.
        aside: the malformed rows of the sources that are here.
    """

    asked: Sequence[Prompt] | None
    in_both: int | None
    held: Sequence[Prompt] | None
    chosen: Sequence[Prompt] | None
    aside: Sequence[Aside] = ()


def find_prompts(recipe: Recipe) -> Found:
    """Read the sources that are here, as the stage `prompts` does.

    Raises:
        RecipeError: an unknown source, setting, column or grader, or a template without its slot.
        InputError: a source cannot be read or is empty, or nothing is left to train on.
    """
    sources, most = open_sources(recipe), recipe.prompts.max_quarantined
    drawn, known, held = (_read(some, most) for some in (sources.training, sources.validation, sources.evaluation))
    others = [one.prompts for one in (known, held) if one is not None]
    asked = None if drawn is None else without(drawn.prompts, *others, where=", ".join(recipe.prompts.names))
    in_both = None if drawn is None or asked is None or len(others) < 2 else len(drawn.prompts) - len(asked)
    aside = [row for one in (drawn, known, held) if one is not None for row in one.aside]
    told = None if asked is None else _labelled(recipe, list(asked.values()))
    judged = None if held is None else list(held.prompts.values())
    if told is not None and mixes(recipe):
        told, more = _mixed(recipe, told)
        judged = None if judged is None else [*judged, *more]
    chosen = None if judged is None else choose(judged, recipe.evaluate.per_skill)
    return Found(told, in_both, judged, chosen, aside)


def _mixed(recipe: Recipe, prompts: Sequence[Prompt]) -> tuple[list[Prompt], list[Prompt]]:
    """The prompts that are drawn, and those that the split holds out to evaluate, had no filter put any aside."""
    found = mixture(recipe, [from_rows(prompts, Prompt).select(COLUMNS)])
    drawn, held = (list(compress(prompts, found.on(side))) for side in ("training", "evaluation"))
    return drawn, held


def _labelled(recipe: Recipe, prompts: list[Prompt]) -> list[Prompt]:
    """The prompts with the labels that cost nothing."""
    free = [one for one in ready_labellers(recipe.prompts.labels, Help(recipe.seed)) if not one.part.SPENDS]
    return label(prompts, free, [Tally() for _ in free])


def malformed(found: Found) -> list[str]:
    """What a run would set aside, in a line; none where nothing is malformed."""
    if not found.aside:
        return []
    rows = "1 row is" if len(found.aside) == 1 else f"{len(found.aside):,} rows are"
    return [f"{rows} malformed and will be set aside, the first: {found.aside[0].line()}"]


def count(found: Found) -> Counts:
    """How much there is to do."""
    asked, chosen = found.asked, found.chosen
    return Counts(
        prompts=None if asked is None else len(asked),
        characters=None if asked is None else sum(map(_length, asked)),
        evaluation=None if chosen is None else len(chosen),
        evaluation_characters=None if chosen is None else sum(map(_length, chosen)),
        answered=None if chosen is None else sum(bool(prompt.messages) for prompt in chosen),
        in_both=found.in_both,
        most_tokens=None if asked is None else sum(map(_most_tokens, asked)),
        most_evaluation_tokens=None if chosen is None else sum(_most_tokens(prompt) for prompt in chosen if prompt.messages),
    )


def _read(sources: Sequence[Asked], most: float) -> Read | None:
    """All prompts by id; None when a source is not here."""
    return None if any(_remote(one.opened) for one in sources) else read(sources, most)


def _remote(opened: OpenedSource) -> bool:
    """Whether the source, or one that it is made of, would have to be downloaded, or can be read but once."""
    return any(one.kind == REMOTE or isinstance(one.source, Keeping) for one in opened.within())


def _most_tokens(prompt: Prompt) -> int:
    """A token stands for a byte at least."""
    texts = [message.content for message in prompt.messages] or [prompt.reference or ""]
    return sum(len(text.encode()) + TURN for text in texts)


def _length(prompt: Prompt) -> int:
    return sum(len(message.content) for message in prompt.messages) or len(prompt.reference or "")
