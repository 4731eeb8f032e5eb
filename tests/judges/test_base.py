from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.judges import judge_of
from potstill.registry import find, names
from potstill.types import Prompt
from tests.models.small import ask


def test_the_judge_of_a_prompt():
    assert judge_of(ask("a?")) is None
    assert judge_of(ask("a?", grader="exact", reference="x"))(ask("a?", reference="x"), "x") == 1.0
    with pytest.raises(RecipeError, match="unknown judge 'exactt'; did you mean 'exact'"):
        judge_of(ask("a?", grader="exactt"))


@pytest.mark.parametrize("name", names("judge"))
@pytest.mark.parametrize("text", ["", "Answer: 7", "word " * 500, "\x00\n🙂", "I cannot help with that."])
@pytest.mark.parametrize(
    "prompt", [Prompt(()), ask("a?"), ask("a?", reference="7"), ask("a?", reference="")], ids=lambda p: repr(p.reference)
)
def test_every_judge_gives_a_share_or_none(name, text, prompt):
    judge = find("judge", name).factory
    score = judge(prompt, text)
    assert score is None or 0.0 <= score <= 1.0
    assert judge(prompt, text) == score
