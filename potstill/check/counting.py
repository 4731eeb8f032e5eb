"""How many prompts a recipe's sources hold, without asking the hub for any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potstill.check.estimate import TURN, Counts
from potstill.evaluate.stage import choose
from potstill.prompts.gathering import Opened, open_sources, without
from potstill.recipe import Recipe
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
    """

    asked: Sequence[Prompt] | None
    in_both: int | None
    held: Sequence[Prompt] | None
    chosen: Sequence[Prompt] | None


def find_prompts(recipe: Recipe) -> Found:
    """Read the sources that are here, as the stage `prompts` does.

    Raises:
        RecipeError: an unknown source, setting, column or grader, or a template without its slot.
        InputError: a source cannot be read or is empty, or nothing is left to train on.
    """
    sources = open_sources(recipe)
    drawn, known, held = _read(sources.training), _read(sources.validation), _read(sources.evaluation)
    asked = None if drawn is None else without(drawn, known or {}, held or {}, where=", ".join(recipe.prompts.sources))
    in_both = None if drawn is None or asked is None or known is None or held is None else len(drawn) - len(asked)
    chosen = None if held is None else choose(held.values(), recipe.evaluate.per_skill)
    return Found(_list(asked), in_both, _list(held), chosen)


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


def _read(sources: Opened) -> Mapping[str, Prompt] | None:
    """All prompts by id; None when a source is not here."""
    return None if any(opened.kind == REMOTE for opened in sources.opened) else sources.read()[0]


def _list(prompts: Mapping[str, Prompt] | None) -> list[Prompt] | None:
    return None if prompts is None else list(prompts.values())


def _most_tokens(prompt: Prompt) -> int:
    """A token stands for a byte at least."""
    texts = [message.content for message in prompt.messages] or [prompt.reference or ""]
    return sum(len(text.encode()) + TURN for text in texts)


def _length(prompt: Prompt) -> int:
    return sum(len(message.content) for message in prompt.messages) or len(prompt.reference or "")
