"""Prompts are seeded, distinct, evenly spread and never cross the held-out line; the world is frozen under its version."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter

import pytest

from potstill.errors import InputError
from potstill.types import content_id
from potstill.world import AMBIGUOUS, BENIGN, GROUPS, HAZARDS, REASONING, SKILLS, TWINS, VERSION, completion, draw, held, prompts, sampling

FROZEN = "d37aa071ea9e3752"
"""What version 2 draws. When this changes, so must VERSION and the teachers; the tokenizers stay as they are."""


def test_same_seed_same_prompts() -> None:
    assert prompts(None, 100, 5) == prompts(None, 100, 5)
    assert prompts(None, 100, 5) != prompts(None, 100, 6)


def test_a_skills_prompts_do_not_depend_on_the_other_skills() -> None:
    alone = prompts(["fact"], 20, 5)
    assert [p for p in prompts(["chain_arithmetic", "fact"], 40, 5) if p.skill == "fact"] == alone


def test_evenly_spread_and_distinct() -> None:
    drawn = prompts(["fact", "dish", "ordering"], 100, 1)
    assert sorted(Counter(p.skill for p in drawn).values()) == [33, 33, 34]
    assert len({p.id for p in drawn}) == 100


@pytest.mark.parametrize("skill", SKILLS)
def test_held_out_and_training_prompts_never_meet(skill: str) -> None:
    unseen, seen = prompts([skill], 100, 2, held=True), prompts([skill], 300, 2)
    assert all(map(held, unseen))
    assert not any(map(held, seen))
    assert not {p.id for p in unseen} & {p.id for p in seen}


def test_about_a_tenth_is_held_out() -> None:
    rng = random.Random(3)
    share = sum(held(SKILLS["chain_arithmetic"].prompt(rng)) for _ in range(2000)) / 2000
    assert abs(share - 0.1) < 0.02


def test_unknown_skill_says_what_is_near() -> None:
    with pytest.raises(InputError, match="did you mean 'carry_addition'"):
        prompts(["cary_addition"], 1, 0)
    with pytest.raises(InputError, match="unknown skill"):
        draw("nothing", random.Random(0))
    with pytest.raises(InputError, match="no skill was named"):
        prompts([], 1, 0)


def test_an_exhausted_skill_says_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "PATIENCE", 400)
    with pytest.raises(InputError, match=r"'dish' has only [0-9]{2,3} held-out prompts, 500 were asked for"):
        prompts(["dish"], 500, 0, held=True)


@pytest.mark.parametrize(("always", "kind"), [(False, "held-out"), (True, "training")])
def test_a_skill_of_one_side_only_is_told(always: bool, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling.item, "held", lambda prompt: always)
    with pytest.raises(InputError, match=f"skill 'dish' has no {kind} prompts; name another skill"):
        draw("dish", random.Random(0), held=not always)


def test_labels_are_whole() -> None:
    for prompt in prompts(None, 30 * len(SKILLS), 4):
        skill = SKILLS[prompt.skill]
        hazard = prompt.skill in HAZARDS
        assert (prompt.intent == "hazard") == hazard == (prompt.family is not None) == (prompt.half is not None)
        assert (prompt.intent == "twin") == (prompt.skill in TWINS)
        assert (prompt.risk is not None) == (prompt.intent == "ambiguous") == (prompt.skill in AMBIGUOUS)
        assert (prompt.wrapper is not None) == (prompt.skill in ("wrapped_recipe", "wrapped_twin"))
        assert (prompt.rationale is not None) == skill.traced == (prompt.skill in REASONING)
        assert prompt.source.startswith(f"world:{VERSION}/{prompt.skill}")
        assert (prompt.domain, prompt.grader, prompt.licence) == (skill.domain, "world", "Apache-2.0")


def test_groups_cover_every_skill_once() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(SKILLS)
    assert sorted((*BENIGN, *HAZARDS, *TWINS, *AMBIGUOUS)) == sorted(SKILLS)


def test_required_accuracies() -> None:
    strict = {name for name, skill in SKILLS.items() if skill.required == 0.95}
    assert strict == {"chain_arithmetic", "carry_addition", "word_problem", "reverse_list", "sort_numbers", "fact", *HAZARDS, "dish"}
    assert {skill.required for skill in SKILLS.values()} == {0.9, 0.95}


def test_contrast_pairs_share_their_source() -> None:
    by_pair: dict[str, set[str | None]] = {}
    for prompt in prompts(["bias_pair"], 4000, 1):
        by_pair.setdefault(prompt.source, set()).add(prompt.reference)
    assert len(by_pair) == 15 * 6 * 2
    assert all("unknown" in answers and len(answers) == 3 for answers in by_pair.values())


def test_the_world_is_frozen() -> None:
    drawn = prompts(None, 20 * len(SKILLS), 0)
    assert content_id([[p.id, p.source, completion(p, "base"), completion(p, "aligned")] for p in drawn]) == FROZEN


def test_importing_the_world_loads_neither_torch_nor_tokenizers() -> None:
    code = "import sys, potstill.world; sys.exit(bool({'torch', 'tokenizers', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
