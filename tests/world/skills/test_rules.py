from __future__ import annotations

import pytest

from potstill.world.skills import rules
from tests.world.skills.checks import check_skill

NAMES = ["follow_rules", "critique"]


def test_these_are_its_skills() -> None:
    assert [skill.name for skill in rules.SKILLS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_gold_is_right_and_anything_else_is_not(name: str) -> None:
    check_skill(name)
