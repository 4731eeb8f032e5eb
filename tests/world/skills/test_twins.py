from __future__ import annotations

import pytest

from potstill.world.skills import twins
from tests.world.skills.checks import check_skill

NAMES = ["colour", "history", "status", "dish", "wrapped_twin", "name_parts", "syrup_mix", "ambiguous"]


def test_these_are_its_skills() -> None:
    assert [skill.name for skill in twins.SKILLS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_gold_is_right_and_anything_else_is_not(name: str) -> None:
    check_skill(name)
