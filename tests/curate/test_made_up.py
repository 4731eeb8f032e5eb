from __future__ import annotations

import random

import pytest

from potstill.curate.made_up import DISGUISED, MADE_UP, SENTENCES
from potstill.text.keys import SECRETS
from potstill.text.personal import PERSONAL

FINDERS = {**PERSONAL, **SECRETS}


@pytest.mark.parametrize("kind", MADE_UP)
def test_what_is_made_up_is_right_by_every_check(kind):
    rng = random.Random(3)
    for _ in range(200):
        value, sentence = MADE_UP[kind](rng), rng.choice(SENTENCES[kind])
        hits = list(FINDERS[kind](sentence.format(value)))
        assert [(hit.value, hit.reserved) for hit in hits] == [(value, False)]


@pytest.mark.parametrize("kind", DISGUISED)
def test_disguises_are_others_and_say_the_same(kind):
    value = MADE_UP[kind](random.Random(3))
    for told in DISGUISED[kind]:
        assert told(MADE_UP[kind](random.Random(5))) == told(MADE_UP[kind](random.Random(5)))
    assert any(told(value) != value for told in DISGUISED[kind])


def test_disguises_by_hand():
    told = {told.__name__: told("a@b.org 12-345") for some in DISGUISED.values() for told in some if told.__name__.startswith("_")}
    assert told["_spelt"] == "a (at) b (dot) org 12-345"
    assert told["_marked"] == "a[@]b[.]org 12-345"
    assert told["_dotted"] == "a@b.org.12.345"
    assert told["_wide"] == "a@b.org １２-３４５"


def test_it_is_seeded():
    assert [MADE_UP[kind](random.Random(1)) for kind in MADE_UP] == [MADE_UP[kind](random.Random(1)) for kind in MADE_UP]
    assert set(MADE_UP) == set(SENTENCES) == set(FINDERS)
