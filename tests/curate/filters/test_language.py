from __future__ import annotations

import random

import pytest

from potstill import world
from potstill.curate.base import Context
from potstill.curate.filters.language import LanguageFilter, LanguageSettings
from potstill.errors import InputError
from tests.curate.small import alone, answer, parts, say, think
from tests.models.small import ask

ENGLISH = "How many apples are left when five of the twelve apples are given away?"
GERMAN = "Wie viele Äpfel bleiben übrig, wenn man von zwölf Äpfeln fünf verschenkt?"


def test_defaults():
    assert LanguageSettings() == LanguageSettings(threshold=0.01, part="noise", unjudged="keep", languages=("en",), match=True)


def test_another_language_is_noise():
    assert parts(say("language", [alone(ask(ENGLISH)), alone(ask(GERMAN))])) == ["keep", "noise"]
    assert parts(say("language", [alone(ask(GERMAN))], languages=["en", "de"])) == ["keep"]


def test_an_answer_must_be_in_its_prompts_language():
    items = [answer(ask(GERMAN), "Es bleiben sieben, denn zwölf weniger fünf ist genau sieben."), answer(ask(GERMAN), ENGLISH)]
    found = say("language", items, languages=[])
    assert parts(found) == ["keep", "noise"]
    assert (found[1].within, found[1].evidence) == ("answer", ENGLISH)
    assert "is most likely in 'en'; asked in 'de'" in found[1].why
    assert parts(say("language", items, languages=[], match=False)) == ["keep", "keep"]


def test_a_prompt_that_names_a_language_is_answered_in_it():
    item = answer(ask(f"Translate this into German, please: {ENGLISH}"), GERMAN)
    assert parts(say("language", [item], languages=["en", "de"])) == ["keep"]


def test_what_has_no_prose_is_not_judged():
    (verdict,) = say("language", [answer(ask("2+2?"), "4")])
    assert (verdict.part, verdict.score) == ("keep", None)
    assert parts(say("language", [answer(ask("2+2?"), "4")], unjudged="noise")) == ["noise"]


def test_any_language():
    assert parts(say("language", [alone(ask(GERMAN))], languages=[])) == ["keep"]


def test_right_answers_of_the_world_are_kept():
    prompts = [one for one in world.prompts(None, 400, 5) if one.intent == "benign"]
    assert set(parts(say("language", [answer(one, world.completion(one, "aligned")) for one in prompts]))) == {"keep"}


def test_an_unknown_language():
    with pytest.raises(InputError, match="filters: unknown language 'english'"):
        LanguageFilter(LanguageSettings(languages=("english",)), Context()).judge([])


def test_faults_are_found():
    one = LanguageFilter(LanguageSettings(), Context())
    prompts = world.prompts(None, 40, 2)
    clean = [answer(p, world.completion(p, "base")) for p in prompts] + [alone(p) for p in prompts]
    faults = [fault for fault in one.faults(clean, random.Random(0)) if not fault.kind.startswith("hard: ")]
    assert {fault.kind for fault in faults} == {"answer", "prompt"}
    assert len({fault.item.id for fault in faults}) == len(faults) == 80
    assert set(parts(say("language", [fault.item for fault in faults]))) == {"noise"}


def test_it_says_with_what_it_heard():
    assert set(LanguageFilter(LanguageSettings(), Context()).identity()) == {"py3langid"}
    assert think("language", [alone(ask(ENGLISH))])[0].score > 0.9
