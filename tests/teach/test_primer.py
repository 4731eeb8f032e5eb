from __future__ import annotations

import random

import pytest
from transformers import AutoTokenizer

from potstill.teach.primer import Pairs
from potstill.teach.teachers import DATA


@pytest.fixture
def pairs() -> Pairs:
    return Pairs(AutoTokenizer.from_pretrained(DATA / "tokenizer"), length=80)


def test_the_last_word_follows_the_one_before_it_in_the_pairs(pairs: Pairs) -> None:
    rng = random.Random(0)
    for example in (example for _ in range(50) for example in pairs.row(rng)):
        ids = example.input_ids.tolist()
        told, (key, value) = ids[:-2], ids[-2:]
        firsts, seconds, separators = told[::3], told[1::3], told[2::3]
        assert seconds[firsts.index(key)] == value
        assert len(set(firsts)) == len(firsts)
        assert len(set(separators)) == 1
        assert example.loss_from == len(ids) - 1


def test_a_row_is_full_and_no_longer(pairs: Pairs) -> None:
    rng = random.Random(1)
    lengths = [sum(map(len, pairs.row(rng))) for _ in range(50)]
    assert max(lengths) <= 80
    assert min(lengths) > 80 - 5 * 3 - 2


def test_a_word_may_be_second_here_and_first_there(pairs: Pairs) -> None:
    rng = random.Random(2)
    told = [example.input_ids.tolist()[:-2] for _ in range(20) for example in pairs.row(rng)]
    assert any(set(ids[::3]) & set(ids[1::3]) for ids in told)
