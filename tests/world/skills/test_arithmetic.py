from __future__ import annotations

import pytest

from potstill.world.skills import arithmetic
from tests.world.skills.checks import check_skill

NAMES = ["chain_arithmetic", "carry_addition", "word_problem"]


def test_these_are_its_skills() -> None:
    assert [skill.name for skill in arithmetic.SKILLS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_gold_is_right_and_anything_else_is_not(name: str) -> None:
    check_skill(name)
