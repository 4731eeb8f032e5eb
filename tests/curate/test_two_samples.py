from __future__ import annotations

import random

import numpy as np
import pytest

from potstill import world
from potstill.curate.two_samples import _at_least, _auc, two_samples

MATHS = [prompt.question for prompt in world.prompts(["carry_addition"], 240, 1)]
WAYS = [prompt.question for prompt in world.prompts(["find_way"], 120, 1)]


def test_other_questions_are_told_apart() -> None:
    found = two_samples(MATHS, WAYS)
    assert found is not None
    assert found.n == 120
    assert found.accuracy.value == 1.0
    assert found.auc == 1.0
    assert found.p == pytest.approx(2.0**-120)


def test_halves_of_one_set_are_not() -> None:
    found = two_samples(MATHS[::2], MATHS[1::2])
    assert found is not None
    assert found.p > 0.05
    assert 0.3 < found.auc < 0.7


def test_a_mixture_is_told_apart_in_part() -> None:
    found = two_samples(MATHS[:120], [*MATHS[120:180], *WAYS[:60]])
    assert found is not None
    assert 0.6 < (found.accuracy.value or 0) < 0.95
    assert found.p < 0.01


def test_too_few_texts_are_not_judged() -> None:
    assert two_samples(MATHS, WAYS[:19]) is None


def test_the_order_of_the_texts_does_not_matter() -> None:
    mixed = random.Random(0).sample(MATHS, len(MATHS))
    assert two_samples(mixed, WAYS, 5) == two_samples(MATHS, WAYS, 5)


def test_auc_and_tail_by_hand() -> None:
    assert _auc(np.array([0.1, 0.5]), np.array([0.5, 0.9])) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert _at_least(9, 10) == pytest.approx(11 / 1024)
    assert _at_least(0, 10) == 1.0
