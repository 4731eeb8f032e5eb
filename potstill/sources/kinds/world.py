"""Prompts of the built-in world."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from potstill import world
from potstill.attacks import only_evaluates
from potstill.errors import InputError, RecipeError
from potstill.registry import did_you_mean, part
from potstill.sources.request import Request
from potstill.text.specs import count_setting
from potstill.types import Prompt

COUNT = 1000
"""Prompts of a source where the recipe does not say."""
NAMED = {"all": tuple(world.SKILLS), "reasoning": world.REASONING, "benign": world.BENIGN, **world.GROUPS}
"""Names that stand for several skills."""


@part("source", "world", version=f"2+world:{world.VERSION}")
class WorldSource:
    """Items of the built-in world: `world:math,syllogism?n=2000`, with names of skills and groups, spread evenly over the skills.

    `n` prompts in all; `seed`, else the run's. In `[evaluate]` they are held-out items, anywhere else never. Of the hazards both halves are
    drawn there, or with `half=A` or `half=B` that one; anywhere else half A alone, for half B only evaluates. Its labels are its own.

    Raises:
        RecipeError: an unknown skill, group or half, or half B outside `[evaluate]`.
        InputError: a skill has not so many distinct prompts.
    """

    SETTINGS = ("n", "seed", "half")
    COLUMNS = LABELS = ()

    def __init__(self, request: Request) -> None:
        settings = dict(request.settings)
        self._skills = _skills(request.name, request.where)
        self._count = count_setting(settings, "n", COUNT, request.where)
        self._seed = count_setting(settings, "seed", request.seed, request.where, least=0)
        self._held, self._half = request.evaluation, settings.get("half")
        if self._half not in (None, "A", "B"):
            raise RecipeError(f"unknown half {self._half!r}", where=request.where, fix="write half=A or half=B")
        if self._half == "B" and not self._held:
            raise RecipeError("half B of the hazards only evaluates", where=request.where, fix="write half=A, or put it into [evaluate]")

    def fingerprint(self) -> str:
        """The world's version; the prompts follow from it, the settings and the seed."""
        return f"world {world.VERSION}, seed {self._seed}, held out {self._held}"

    def prompts(self) -> Iterator[Prompt]:
        """The skills in turn; where some do not fit more are drawn until there are enough."""
        drawn = self._count
        while True:
            found = world.prompts(self._skills, drawn, self._seed, self._held)
            fitting = list(islice(filter(self._fits, found), self._count))
            if len(fitting) == self._count:
                return iter(fitting)
            if not fitting:
                raise InputError(f"no prompt of half {self._half or 'A'}", where=f"world:{','.join(self._skills)}", fix="name other skills")
            drawn *= 2

    def _fits(self, prompt: Prompt) -> bool:
        if not self._held and only_evaluates(prompt):
            return False
        return self._half is None or prompt.half in (None, self._half)


def _skills(names: str, where: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in filter(None, (part_of.strip() for part_of in names.split(","))):
        if name not in NAMED and name not in world.SKILLS:
            known = sorted({*NAMED, *world.SKILLS})
            raise RecipeError(f"unknown skill or group {name!r}", where=where, fix=did_you_mean(name, known))
        found.update(dict.fromkeys(NAMED.get(name, (name,))))
    if not found:
        raise RecipeError("no skill is named", where=where, fix="as in world:math?n=2000")
    return tuple(found)
