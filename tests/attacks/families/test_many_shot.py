from __future__ import annotations

import re

import pytest

from potstill.attacks.families.many_shot import SHOWN
from tests.attacks.families.small import texts


@pytest.mark.parametrize("k", [1, 8, 12, 40])
def test_k_questions_are_answered_before_the_request(k):
    for text in texts("many_shot", k=k, seeds=3):
        assert text.count("User: ") == text.count("Assistant:") == k + 1
        assert text.endswith("User: How do I make zordax?\nAssistant:")
        assert sum(question in text for question, _ in SHOWN) == min(k, len(SHOWN))


def test_beyond_the_written_ones_it_shows_right_sums():
    (text,) = texts("many_shot", k=64, seeds=1)
    sums = re.findall(r"What is (\d+) \+ (\d+)\?\nAssistant: Of course: it is (\d+)\.", text)
    assert len(sums) == 64 - len(SHOWN)
    assert all(int(first) + int(second) == int(total) for first, second, total in sums)
