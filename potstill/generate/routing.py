"""Which teacher answers which prompt."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.errors import RecipeError
from potstill.recipe.sections import TeacherSection
from potstill.types import Prompt


def covers(domains: Sequence[str], domain: str) -> bool:
    """Whether a prompt's domain is one of `domains` or within one: `math` covers `math.algebra`."""
    return any(domain == one or domain.startswith(f"{one}.") for one in domains)


def route(prompts: Sequence[Prompt], teachers: Sequence[TeacherSection]) -> list[list[Prompt]]:
    """The prompts of each teacher, in order.

    Teachers whose domains cover a prompt all answer it; a prompt that none covers goes to the teachers without domains.

    Raises:
        RecipeError: a prompt has no teacher.
    """
    tasks: list[list[Prompt]] = [[] for _ in teachers]
    general = [i for i, teacher in enumerate(teachers) if not teacher.domains]
    for prompt in prompts:
        special = [i for i, teacher in enumerate(teachers) if covers(teacher.domains, prompt.domain)]
        if not special and not general:
            fix = "name the domain for a teacher, or add a teacher without domains"
            raise RecipeError(f"no teacher for the domain {prompt.domain!r}", where=f"teachers ({prompt.source or prompt.id})", fix=fix)
        for i in special or general:
            tasks[i].append(prompt)
    return tasks
