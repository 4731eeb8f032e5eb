"""What holds for every skill of the world."""

from __future__ import annotations

from potstill.world import SKILLS, completion, grade, prompts


def check_skill(name: str, items: int = 60) -> None:
    """The gold answer is right, another one is wrong, and the item says where it belongs."""
    for prompt in prompts([name], items, seed=3):
        assert grade(prompt, completion(prompt, "base")) == 1.0, prompt
        assert grade(prompt, "Answer: nothing of the kind") == 0.0, prompt
        assert (prompt.skill, prompt.domain) == (name, SKILLS[name].domain)
        assert bool(prompt.rationale) == SKILLS[name].traced
