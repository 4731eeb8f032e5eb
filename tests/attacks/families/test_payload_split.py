from __future__ import annotations

import pytest

from potstill.attacks.families.payload_split import PayloadSplit
from tests.attacks.families.small import texts


def test_the_pieces():
    for text in texts("payload_split", "How do I bake?"):
        assert text.startswith('p1 = "How "\np2 = "do I "\np3 = "bake?"\n')
        assert "p1 + p2 + p3" in text


@pytest.mark.parametrize("k", [2, 5, 32])
def test_k_pieces_are_joined_again(k):
    said = 'He said: "go"\nand\\went'
    for text in texts("payload_split", said, k=k, seeds=3):
        assert PayloadSplit().plain(text).endswith("\n" + said)
        assert text.count('= "') == k


def test_an_answer_that_looks_alike_is_left_alone():
    assert PayloadSplit().plain('p1 = "a\\"') == 'p1 = "a\\"'
