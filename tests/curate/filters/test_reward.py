from __future__ import annotations

import pytest

from potstill.curate.base import Context, ready
from potstill.curate.filters.reward import RewardSettings
from potstill.errors import RecipeError
from potstill.recipe import FilterSection
from potstill.types import Prompt
from tests.curate.small import alone, answer, parts, say
from tests.models.small import ask

SUM = ask("1+1?", reference="2", grader="number")


def score(prompt: Prompt, text: str) -> float | None:
    """The share of its letters that are `a`; it cannot judge a question."""
    return None if "?" in text else text.count("a") / max(len(text), 1)


CALLED = f"callable:{__name__}:score"


def test_defaults():
    assert RewardSettings(judge="x") == RewardSettings(judge="x", threshold=0.5, part="noise", unjudged="keep")


def test_low_scores_are_noise_and_no_score_is_not_judged():
    items = [answer(SUM, text) for text in ("aab", "abb", "what?")]
    verdicts = say("reward", items, judge=CALLED)
    assert parts(verdicts) == ["keep", "noise", "keep"]
    assert [verdict.score for verdict in verdicts] == [pytest.approx(2 / 3), pytest.approx(1 / 3), None]
    assert verdicts[1].why == f"worth 0.333 by {CALLED}"
    assert parts(say("reward", items, judge=CALLED, threshold=0.7, unjudged="noise")) == ["noise"] * 3


def test_a_registered_judge_and_each_prompts_own():
    items = [answer(SUM, text) for text in ("It is 2", "It is 3")]
    for judge in ("number", "answer"):
        assert parts(say("reward", items, judge=judge)) == ["keep", "noise"]


def test_prompts_and_plain_texts_are_not_judged():
    items = [alone(SUM), answer(Prompt((), reference="a"), "b")]
    assert [(verdict.applies, verdict.part) for verdict in say("reward", items, judge=CALLED)] == [(False, "keep")] * 2


def test_its_identity_is_the_judges():
    one, other = (ready([FilterSection(kind="reward", judge=judge)], "test")[0].identity for judge in ("number", CALLED))
    assert one["judge judge"] == "number"
    assert one != other


def test_an_unknown_judge_is_told_of():
    (one,) = ready([FilterSection(kind="reward", judge="numbers")], "filters", Context())
    with pytest.raises(RecipeError, match=r"filters\.0\.judge.*number"):
        _ = one.identity
    with pytest.raises(RecipeError, match="judge"):
        ready([FilterSection(kind="reward")], "filters")
