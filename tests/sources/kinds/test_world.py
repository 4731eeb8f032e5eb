from __future__ import annotations

import pytest

from potstill import world
from potstill.attacks import only_evaluates
from potstill.errors import RecipeError
from potstill.sources.request import open_source


def read(spec, **given):
    return list(open_source(spec, "prompts.sources", {}, **given).source.prompts())


def test_groups_and_skills():
    assert {p.skill for p in read("world:math?n=9")} == set(world.GROUPS["math"])
    assert {p.skill for p in read("world:syllogism, math?n=8")} == {"syllogism", *world.GROUPS["math"]}
    assert len(read("world:math?n=9")) == 9
    assert {p.skill for p in read("world:all?n=300")} == set(world.SKILLS)
    assert {p.skill for p in read("world:reasoning?n=20")} <= set(world.REASONING)


def test_evaluation_is_held_out():
    asked, judged = read("world:fact?n=40"), read("world:fact?n=10", evaluation=True)
    assert not any(world.held(p) for p in asked)
    assert all(world.held(p) for p in judged)


def test_seeds():
    assert read("world:math?n=6", seed=1) == read("world:math?n=6&seed=1", seed=2) != read("world:math?n=6", seed=2)
    fingerprints = {
        open_source("world:math", "x", {}, seed=seed, evaluation=e).source.fingerprint() for seed in (0, 1) for e in (True, False)
    }
    assert len(fingerprints) == 4
    assert read("world:math?n=6&seed=0", seed=3) == read("world:math?n=6", seed=0)


@pytest.mark.parametrize("half", ["A", "B"])
def test_halves_to_evaluate_on(half):
    prompts = read(f"world:hazard,fact?n=24&half={half}", evaluation=True)
    assert len(prompts) == 24
    assert {p.half for p in prompts} == {None, half}


def test_half_b_only_evaluates():
    asked, judged = read("world:hazard?n=60"), read("world:hazard?n=60", evaluation=True)
    assert len(asked) == 60
    assert not any(only_evaluates(p) for p in asked)
    assert {p.half for p in asked} == {"A"}
    assert {p.half for p in judged} == {"A", "B"}
    with pytest.raises(RecipeError, match="half B of the hazards only evaluates; write half=A"):
        read("world:hazard?half=B")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("world:maths", "unknown skill or group 'maths'; did you mean 'math'"),
        ("world:", "no skill is named"),
        ("world:math?half=C", "unknown half 'C'"),
        ("world:math?n=many", "n=many is no whole number"),
    ],
)
def test_faults(spec, message):
    with pytest.raises(RecipeError, match=message):
        read(spec)
