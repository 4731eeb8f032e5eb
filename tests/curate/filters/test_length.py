from __future__ import annotations

import pytest

from potstill.curate.filters.length import LengthSettings
from potstill.errors import RecipeError
from tests.curate.small import alone, answer, parts, say
from tests.models.small import ask


def judge(text, **settings):
    (verdict,) = say("length", [answer(ask("What is it?"), text)], **settings)
    return verdict


def test_defaults():
    assert LengthSettings() == LengthSettings(
        threshold=1.0, over=None, unit="words", tokenizer=None, least=1, most=4000, part="noise", unjudged="keep"
    )


@pytest.mark.parametrize(
    ("text", "part", "score"),
    [("", "noise", 1.0), ("5", "keep", 0.5), ("a b c", "keep", 0.75), ("a b c d", "noise", 1.0), ("a " * 7, "noise", 1.75)],
)
def test_by_words(text, part, score):
    verdict = judge(text, most=3)
    assert (verdict.part, verdict.score, verdict.why) == (part, score, f"{len(text.split())} words")


def test_the_evidence_begins_where_it_is_too_long():
    verdict = judge("one two  three four", most=2)
    assert (verdict.evidence, verdict.within, verdict.start, verdict.end) == ("three four", "answer", 9, 19)
    assert judge("one two", least=3).evidence == "one two"
    assert judge("one two").evidence == ""


def test_characters_and_prompts():
    assert (judge("abcdef", unit="characters", most=4).part, judge("abcdef", unit="characters", most=4).evidence) == ("noise", "ef")
    items = [alone(ask("What is it?")), answer(ask("What is it?"), "a b c d")]
    assert parts(say("length", items, most=3)) == ["keep", "noise"]
    assert parts(say("length", items, most=3, over="prompt")) == ["keep", "keep"]
    assert [verdict.applies for verdict in say("length", items, most=3, over="answer")] == [False, True]


def test_tokens():
    tokens = {"unit": "tokens", "tokenizer": "world:a"}
    assert judge("Answer: yes", **tokens, most=1000).why.endswith(" tokens")
    assert judge("Answer: yes", **tokens, most=1).part == "noise"


@pytest.mark.parametrize("settings", [{"least": 5, "most": 4}, {"unit": "tokens"}, {"tokenizer": "world:a"}])
def test_settings_that_do_not_agree(settings):
    with pytest.raises(RecipeError, match="most|tokenizer"):
        judge("a", **settings)
