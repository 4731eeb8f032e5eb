"""Drawing prompts: seeded, distinct, and never across the line between training and held-out items."""

from __future__ import annotations

import random
from collections.abc import Sequence

from potstill.errors import InputError
from potstill.registry import did_you_mean
from potstill.types import Prompt
from potstill.world import item
from potstill.world.catalogue import SKILLS
from potstill.world.item import Skill

PATIENCE = 2000
"""Draws in a row without a new prompt, after which a skill counts as exhausted."""


def find_skill(name: str) -> Skill:
    """The skill of that name.

    Raises:
        InputError: there is none; the message offers the nearest names.
    """
    skill = SKILLS.get(name)
    if skill is None:
        raise InputError(f"unknown skill {name!r}", where="world", fix=did_you_mean(name, sorted(SKILLS)))
    return skill


def draw(skill: str, rng: random.Random, *, held: bool = False) -> Prompt:
    """One prompt of a skill, held out or not.

    Raises:
        InputError: an unknown skill, or one without such prompts.
    """
    found = find_skill(skill)
    for _ in range(PATIENCE):
        prompt = found.prompt(rng)
        if item.held(prompt) == held:
            return prompt
    raise InputError(f"skill {skill!r} has no {_kind(held)} prompts", where="world", fix="name another skill")


def _kind(held: bool) -> str:
    return "held-out" if held else "training"


def _distinct(name: str, n: int, rng: random.Random, held: bool) -> list[Prompt]:
    """`n` different prompts of one skill, in the order drawn."""
    found: dict[str, Prompt] = {}
    idle = 0
    while len(found) < n:
        prompt = draw(name, rng, held=held)
        idle = idle + 1 if prompt.id in found else 0
        found.setdefault(prompt.id, prompt)
        if idle > PATIENCE:
            what = f"skill {name!r} has only {len(found)} {_kind(held)} prompts, {n} were asked for"
            raise InputError(what, where="world", fix="ask for fewer")
    return list(found.values())


def prompts(skills: Sequence[str] | None, n: int, seed: int, held: bool = False) -> list[Prompt]:
    """`n` distinct prompts, spread evenly over the skills and taken from them in turn.

    Args:
        skills: names of skills; None for all of them.
        n: how many prompts in all; the first skills give one more when it does not divide.
        seed: the same seed gives the same prompts. A skill's prompts do not depend on which other skills are asked for.
        held: only held-out prompts, or only others.

    Raises:
        InputError: an unknown skill, no skill at all, or a skill that has not enough distinct prompts.
    """
    names = list(SKILLS if skills is None else dict.fromkeys(skills))
    if not names:
        raise InputError("no skill was named", where="world", fix=f"one of: {', '.join(sorted(SKILLS))}")
    for name in names:
        find_skill(name)
    share, rest = divmod(n, len(names))
    rows = [_distinct(name, share + (i < rest), random.Random(f"{seed}/{name}"), held) for i, name in enumerate(names)]
    return [row[i] for i in range(share + 1) for row in rows if i < len(row)]
