from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.judges import BatchJudge, open_judge
from potstill.registry import names
from tests.models.small import ask

SEVEN = ask("3 + 4?", reference="7", grader="number")


@pytest.mark.parametrize("spec", [*names("judge"), "answer", "reward:world", "callable:potstill.judges.number:number"])
def test_every_form_opens_a_judge_of_many(spec):
    judge = open_judge(spec)
    assert isinstance(judge, BatchJudge)
    assert judge.name == spec
    assert judge.identity() == open_judge(spec).identity() != open_judge("exact" if spec != "exact" else "number").identity()
    assert all(isinstance(value, str) for value in judge.identity().values())
    assert judge.scores([]) == []


@pytest.mark.parametrize("spec", [*names("judge"), "answer", "reward:world"])
def test_scores_do_not_depend_on_what_stands_beside(spec):
    judge = open_judge(spec)
    asked = [(SEVEN, "Answer: 7"), (SEVEN, "It is 3, then 4, and so on. Answer: 8"), (SEVEN, "I cannot help with that.")]
    together = judge.scores(asked)
    assert together == [pytest.approx(judge.scores([pair])[0], abs=1e-5) for pair in asked]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("numbr", "unknown judge 'numbr'; did you mean 'number'"),
        ("reward:", "unknown judge 'reward:'; did you mean 'reward:world'"),
        ("reward:wrld", "unknown reward model 'wrld'; did you mean 'world'"),
        ("model:world", "unknown judge"),
    ],
)
def test_what_is_no_judge(spec, told):
    with pytest.raises(RecipeError, match=told):
        open_judge(spec)
