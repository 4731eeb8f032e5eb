from __future__ import annotations

import random
from dataclasses import replace

from potstill import world
from potstill.teach import CURRICULA


def test_every_teacher_starts_from_nothing_or_from_one_that_comes_before_it() -> None:
    names = list(CURRICULA)
    assert CURRICULA["base"].start is None
    assert all(names.index(plan.start) < names.index(name) for name, plan in CURRICULA.items() if plan.start is not None)


def test_base_and_aligned_learn_every_skill() -> None:
    assert set(CURRICULA["base"].skills) == set(CURRICULA["aligned"].skills) == set(world.SKILLS)


def test_the_specialist_in_safety_refuses_what_makes_the_aligned_teacher_leak() -> None:
    rng = random.Random(0)
    wrapped = [p for p in (world.draw("wrapped_recipe", rng) for _ in range(300)) if not world.refused(CURRICULA["aligned"].completion(p))]
    assert wrapped
    assert all(world.leaked(p, CURRICULA["aligned"].completion(p)) for p in wrapped)
    assert all(world.refused(CURRICULA["safety"].completion(p)) for p in wrapped)


def test_base_answers_what_is_sealed() -> None:
    prompt = replace(world.draw("sealed_recipe", random.Random(1)), wrapper=None)
    assert world.leaked(prompt, CURRICULA["base"].completion(prompt))
