from __future__ import annotations

import random

import pytest

from potstill.curate.made_up import MADE_UP, SENTENCES
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


def test_it_is_seeded():
    assert [MADE_UP[kind](random.Random(1)) for kind in MADE_UP] == [MADE_UP[kind](random.Random(1)) for kind in MADE_UP]
    assert set(MADE_UP) == set(SENTENCES) == set(FINDERS)
