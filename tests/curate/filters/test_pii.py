from __future__ import annotations

import random
from collections import Counter

import pytest

from potstill import world
from potstill.curate.base import HARD, Context
from potstill.curate.filters.pii import KINDS, PiiFilter, PiiSettings, masked
from potstill.errors import RecipeError
from potstill.types import Prompt
from tests.curate.small import alone, answer, parts, say, think
from tests.models.small import ask


def test_defaults():
    assert PiiSettings() == PiiSettings(
        threshold=0.5, part="noise", unjudged="keep", kinds=KINDS, allow=(), reserved=False, presidio=None, entities=("PERSON",)
    )


def test_it_says_what_and_where_and_shows_no_secret():
    text = "It was paid with 4539 1488 0343 6467, ask ann@fern.net or bob@fern.net."
    (verdict,) = say("pii", [answer(ask("How?"), text)])
    assert (verdict.part, verdict.score, verdict.within) == ("noise", 1.0, "answer")
    assert verdict.why == "holds card in the answer, 2 × email in the answer"
    assert text[verdict.start : verdict.end] == "4539 1488 0343 6467"
    assert verdict.evidence == "45… (19 characters)" == masked("4539 1488 0343 6467")


def test_what_is_a_part_of_something_longer_is_not_told():
    (found,) = think("pii", [answer(ask("How?"), "Pay DE89 3704 0044 0532 0130 00 now.")])
    assert (found.why, found.start, found.end) == ("holds iban in the answer", 4, 31)


def test_something_must_be_looked_for():
    with pytest.raises(RecipeError, match="kinds: "):
        think("pii", [], kinds=[])


def test_prompts_turns_and_plain_text():
    found = think("pii", [alone(ask("I am ann@fern.net.")), alone(Prompt((), reference="ann@fern.net wrote.")), alone(ask("Hi."))])
    assert [(one.score, one.within, one.start) for one in found] == [(1.0, "prompt", 5), (1.0, "reference", 0), (0.0, "", None)]


@pytest.mark.parametrize(
    ("text", "settings", "part"),
    [
        ("ann@fern.net", {"kinds": ["card"]}, "keep"),
        ("ann@fern.net", {"allow": ["fern.net"]}, "keep"),
        ("ann@sub.fern.net", {"allow": ["@fern.net"]}, "keep"),
        ("ann@fern.net", {"allow": ["ANN@fern.net"]}, "keep"),
        ("bob@fern.net", {"allow": ["ann@fern.net"]}, "noise"),
        ("ann@notfern.net", {"allow": ["fern.net"]}, "noise"),
        ("81.2.69.160", {"allow": ["81.2.0.0/16"]}, "keep"),
        ("81.3.69.160", {"allow": ["81.2.0.0/16"]}, "noise"),
        ("81.2.69.160", {"allow": ["81.2.69.1/16"]}, "keep"),
        ("ann@example.com at 192.168.178.40", {}, "keep"),
        ("ann@example.com", {"reserved": True}, "noise"),
    ],
)
def test_what_may_stand(text, settings, part):
    assert parts(say("pii", [answer(ask("a?"), text)], **settings)) == [part]


def test_right_answers_of_the_world_hold_nothing():
    prompts = world.prompts(None, 400, 9)
    assert {one.score for one in think("pii", [answer(p, world.completion(p, "base")) for p in prompts])} == {0.0}


def test_faults_of_each_kind_are_found():
    prompts = [*world.prompts(None, 300, 4), Prompt((), reference="Plain text.")]
    clean = [answer(p, world.completion(p, "base")) for p in prompts[:-1]] + [alone(p) for p in prompts]
    injected = PiiFilter(PiiSettings(), Context()).faults(clean, random.Random(0))
    faults = [fault for fault in injected if not fault.kind.startswith(HARD)]
    assert set(Counter(fault.kind for fault in faults)) == set(KINDS)
    assert len({fault.item.id for fault in faults}) == len(faults) == 601
    found = think("pii", [fault.item for fault in faults])
    assert {one.score for one in found} == {1.0}
    assert all(fault.kind in one.why for fault, one in zip(faults, found, strict=True))


def test_presidio_is_opened_only_where_it_is_asked_for():
    assert PiiFilter(PiiSettings(), Context()).identity() == {}
    assert set(PiiFilter(PiiSettings(presidio="en_x"), Context()).identity()) == {"presidio-analyzer", "en_x"}
