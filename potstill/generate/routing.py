"""Which teacher answers which prompt."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.errors import RecipeError
from potstill.recipe.sections import TeacherSection
from potstill.types import Prompt


def route(prompts: Sequence[Prompt], teachers: Sequence[TeacherSection]) -> list[list[Prompt]]:
    """The prompts of each teacher, in order.

    Teachers within whose domains a prompt lies all answer it; a prompt that lies in none goes to the teachers without domains.

    Raises:
        RecipeError: a prompt has no teacher.
    """
    tasks: list[list[Prompt]] = [[] for _ in teachers]
    general = [i for i, teacher in enumerate(teachers) if not teacher.domains]
    for prompt in prompts:
        special = [i for i, teacher in enumerate(teachers) if prompt.within(teacher.domains)]
        if not special and not general:
            fix = "name the domain for a teacher, or add a teacher without domains"
            raise RecipeError(f"no teacher for the domain {prompt.domain!r}", where=f"teachers ({prompt.source or prompt.id})", fix=fix)
        for i in special or general:
            tasks[i].append(prompt)
    return tasks
