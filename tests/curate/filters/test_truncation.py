from __future__ import annotations

from dataclasses import replace

import pytest

from potstill.curate.filters.truncation import TruncationSettings
from potstill.types import Prompt
from tests.curate.small import alone, answer, say
from tests.models.small import ask


def judge(text, finish_reason="stop", **settings):
    item = answer(ask("What is it?"), text)
    (verdict,) = say("truncation", [replace(item, trace=replace(item.trace, finish_reason=finish_reason))], **settings)
    return verdict


def test_defaults():
    assert TruncationSettings() == TruncationSettings(threshold=0.3, part="noise", unjudged="keep")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "5",
            "Answer: 5",
            "Answer: s-b-t-v",
            "Paris",
            "It is so.",
            'He said "so."',
            "1. One\n2. Two and the third thing of them all, here",
            "**So.**",
            "This is a longer sentence that somebody began and brought home all the same! 🎉",
        ),
        *("<think>a, b</think>Answer: 2", "```python\nx = 1\n```", "because 2 + 2 = 4\n#### 4", "", "Das ist alles。"),
    ],
)
def test_what_has_an_end(text):
    verdict = judge(text)
    assert (verdict.part, verdict.score) == ("keep", 0.0)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("<think>So it", 0.9),
        ("a</think>b <think>c", 0.9),
        ("Write\n```python\nx = 1", 0.9),
        ("First we add, then", 0.7),
        ("There are two kinds,", 0.7),
        ("It is so because (", 0.7),
        ("2 + 2 =", 0.7),
        ("This is a longer sentence that somebody began and never brought home", 0.3),
    ],
)
def test_what_has_none(text, score):
    verdict = judge(text)
    assert (verdict.score, verdict.part) == (score, "noise")
    assert text.endswith(verdict.evidence)
    assert judge(text, threshold=0.5).part == ("noise" if score >= 0.5 else "keep")


def test_the_limit_of_its_length():
    verdict = judge("Answer: 5", "length")
    assert (verdict.score, verdict.why, verdict.part) == (1.0, "reached its limit", "noise")


def test_continuations_and_prompts_are_not_judged():
    for item in (alone(ask("What, and")), answer(Prompt((), reference="Once upon a"), " time and")):
        (verdict,) = say("truncation", [item])
        assert (verdict.applies, verdict.part) == (False, "keep")
