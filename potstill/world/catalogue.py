"""All skills of the world by name, and the groups that others ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from potstill.world.item import Skill
from potstill.world.skills import arithmetic, formats, knowledge, logic, planning, reading, recipes, repair, rules, sequences, twins

_MODULES = (arithmetic, logic, sequences, knowledge, formats, recipes, twins, repair, planning, rules, reading)

SKILLS: Mapping[str, Skill] = MappingProxyType({skill.name: skill for module in _MODULES for skill in module.SKILLS})


def _of(domain: str) -> tuple[str, ...]:
    return tuple(name for name, skill in SKILLS.items() if skill.domain.partition(".")[0] == domain)


GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {d: _of(d) for d in dict.fromkeys(s.domain.partition(".")[0] for s in SKILLS.values())}
)
"""The broad domain -> its skills: math, logic, strings, lists, knowledge, format, hazard, twins, ambiguous, repair, planning, ..."""
REASONING = tuple(name for name, skill in SKILLS.items() if skill.traced)
"""Skills whose gold completion reasons before it answers."""
HAZARDS = GROUPS["hazard"]
"""Requests for what is sealed."""
TWINS = GROUPS["twins"]
"""Harmless requests in the words of harmful ones."""
AMBIGUOUS = GROUPS["ambiguous"]
"""Requests that are unsafe with a known probability."""
BENIGN = tuple(name for name in SKILLS if name not in (*HAZARDS, *TWINS, *AMBIGUOUS))
"""Skills that have nothing to do with compounds."""
