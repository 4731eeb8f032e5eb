from __future__ import annotations

from potstill import world as the_world
from potstill.judges.world import world
from tests.models.small import ask


def test_the_oracle_judges():
    for prompt in the_world.prompts(None, 60, 3):
        assert world(prompt, the_world.completion(prompt, "base")) == 1.0
        assert world(prompt, "Answer: nothing of the kind") == 0.0
    assert world(ask("a?"), "Answer: 7") is None
