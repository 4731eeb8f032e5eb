from __future__ import annotations

from potstill.world import AMBIGUOUS, BENIGN, GROUPS, HAZARDS, REASONING, SKILLS, TWINS


def test_every_skill_is_in_one_group_named_by_its_domain() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(SKILLS)
    assert all(SKILLS[name].domain.startswith(group) for group, names in GROUPS.items() for name in names)


def test_the_safety_groups_and_the_benign_skills_are_all() -> None:
    parts = [*HAZARDS, *TWINS, *AMBIGUOUS, *BENIGN]
    assert sorted(parts) == sorted(SKILLS)
    assert len(set(parts)) == len(parts)


def test_reasoning_is_what_is_traced() -> None:
    assert set(REASONING) == {name for name, skill in SKILLS.items() if skill.traced}
