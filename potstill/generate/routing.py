"""Which teacher answers which prompt."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.errors import RecipeError
from potstill.recipe.models import TeacherSection
from potstill.types import Prompt


def takers(prompt: Prompt, teachers: Sequence[TeacherSection]) -> list[int]:
    """The places of the teachers that answer a prompt: those within whose domains it lies, else those without domains.

    Raises:
        RecipeError: there is none.
    """
    special = [i for i, teacher in enumerate(teachers) if prompt.within(teacher.domains)]
    found = special or [i for i, teacher in enumerate(teachers) if not teacher.domains]
    if not found:
        fix = "name the domain for a teacher, or add a teacher without domains"
        raise RecipeError(f"no teacher for the domain {prompt.domain!r}", where=f"teachers ({prompt.source or prompt.id})", fix=fix)
    return found


def route(prompts: Sequence[Prompt], teachers: Sequence[TeacherSection]) -> list[list[Prompt]]:
    """The prompts of each teacher, in order; see `takers`.

    Raises:
        RecipeError: a prompt has no teacher.
    """
    tasks: list[list[Prompt]] = [[] for _ in teachers]
    for prompt in prompts:
        for i in takers(prompt, teachers):
            tasks[i].append(prompt)
    return tasks
