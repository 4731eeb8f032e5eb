"""How the prompts of a source are put: a template around the last turn, and the judge of the answers."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.errors import RecipeError
from potstill.recipe.curation import SourceSection, SourceTable
from potstill.registry import find
from potstill.types import Message

SLOT = "{prompt}"
"""Where the last turn goes in a template."""


def templated(messages: Sequence[Message], template: str | None) -> tuple[Message, ...]:
    """The conversation with its last turn put into the template; as it is without turns, or without a template."""
    if not messages or template is None:
        return tuple(messages)
    *before, last = messages
    return (*before, Message(last.role, template.replace(SLOT, last.content)))


def check_put(section: SourceSection | SourceTable, where: str) -> None:
    """The template has a slot, and the grader is known.

    Raises:
        RecipeError: one of them is not so.
    """
    if section.template is not None and SLOT not in section.template:
        raise RecipeError(f"the template has no {SLOT}", where=f"{where}.template", fix=f"as in 'Q: {SLOT}'")
    if section.grader is not None:
        find("judge", section.grader, where=f"{where}.grader")
