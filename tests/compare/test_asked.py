"""The prompts that candidates are asked."""

from __future__ import annotations

import pytest

from potstill.attacks import only_evaluates
from potstill.compare.asked import in_turn, kind_of, prompts_of
from potstill.errors import InputError
from potstill.recipe import load
from potstill.types import Prompt
from tests.house import tree
from tests.models.small import ask

SELECTIVE = tree.ROOT / "recipes" / "selective.toml"


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (ask("3 + 4?", grader="number"), "capability"),
        (ask("3 + 4?"), None),
        (ask("How?", intent="hazard"), "hazard"),
        (ask("How?", intent="twin", grader="world"), "twin"),
        (ask("How?", intent="ambiguous", risk=0.5), "ambiguous"),
        (Prompt((), reference="Once."), "text"),
    ],
)
def test_kinds(prompt, kind):
    assert kind_of(prompt) == kind


def test_prompts_are_the_recipes_own_and_no_hazard_of_half_b() -> None:
    found = prompts_of(load(SELECTIVE), 30)
    assert list(found) == ["capability", "hazard", "twin"]
    assert [len(mine) for mine in found.values()] == [30, 30, 30]
    assert not any(only_evaluates(prompt) for prompt in found["hazard"])
    assert {prompt.skill for prompt in found["capability"]} == {"carry_addition", "reverse_list", "count_words"}


def test_without_evaluation_the_training_prompts_are_asked() -> None:
    found = prompts_of(load(SELECTIVE, ["evaluate.sources=[]", 'prompts.sources=["world:twins?n=8"]']), 30)
    assert {kind: len(mine) for kind, mine in found.items()} == {"twin": 8}


def test_prompts_that_show_nothing_are_told(tmp_path) -> None:
    (tmp_path / "plain.jsonl").write_text('{"prompt": "Why?"}\n')
    with pytest.raises(InputError, match="none of the recipe's prompts tells a good teacher from a bad one"):
        prompts_of(load(SELECTIVE, ["evaluate.sources=[]", f'prompts.sources=["{tmp_path}/plain.jsonl"]']), 30)


def test_skills_take_turns() -> None:
    prompts = [ask(f"{skill}{i}", skill=skill) for skill, n in (("a", 4), ("b", 1), ("c", 2)) for i in range(n)]
    assert [prompt.question for prompt in in_turn(prompts, 5)] == ["a0", "b0", "c0", "a1", "c1"]
