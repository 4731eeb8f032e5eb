from __future__ import annotations

import pytest

from potstill.curate.filters.self_consistency import SelfConsistencySettings, result
from potstill.types import Prompt
from tests.curate.small import alone, answer, parts, say
from tests.models.small import ask

HOW, WHICH = ask("How many?", grader="number"), ask("Which?")


def judge(prompt, *texts, **settings):
    return say("self_consistency", [answer(prompt, text, n) for n, text in enumerate(texts)], **settings)


def test_defaults():
    assert SelfConsistencySettings() == SelfConsistencySettings(threshold=0.5, part="noise", unjudged="keep")


def test_the_majority_is_kept():
    verdicts = judge(HOW, "It is 4.", "2+2=4", "#### 4.0", "Answer: 5")
    assert parts(verdicts) == ["keep", "keep", "keep", "noise"]
    assert [verdict.score for verdict in verdicts] == [0.25, 0.25, 0.25, 0.75]
    assert (verdicts[3].why, verdicts[3].evidence) == ("3 of 4 answers come to something else", "5")


def test_a_tie():
    assert parts(judge(HOW, "4", "5")) == ["noise", "noise"]
    assert parts(judge(HOW, "4", "5", threshold=0.6)) == ["keep", "keep"]


def test_one_answer_has_nothing_to_agree_with():
    (verdict,) = judge(HOW, "4")
    assert (verdict.part, verdict.applies) == ("keep", False)


def test_other_prompts_do_not_vote():
    items = [answer(HOW, "4"), answer(WHICH, "Answer: 5"), answer(WHICH, "Answer: 5.", 1)]
    assert parts(say("self_consistency", items)) == ["keep"] * 3


@pytest.mark.parametrize(
    ("prompt", "text", "found"),
    [
        (HOW, "that is 1,200 in all", "1200"),
        (HOW, "many", None),
        (WHICH, "Answer:  The  Cat.", "the cat"),
        (WHICH, "Answer: $4.50", "9/2"),
        (WHICH, "Answer: 27, 41", "27, 41"),
        (WHICH, "I cannot help with that.", "(declines)"),
        (WHICH, "It depends on many things, and on you.", None),
        (Prompt((), reference="One"), "Answer: 1", None),
    ],
)
def test_results(prompt, text, found):
    assert result(answer(prompt, text)) == found


def test_what_has_no_result_is_not_judged():
    verdicts = judge(HOW, "4", "many", "4")
    assert [verdict.score for verdict in verdicts] == [0.0, None, 0.0]
    (verdict,) = say("self_consistency", [alone(HOW)])
    assert not verdict.applies
