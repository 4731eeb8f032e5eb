from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.codecs.top_k import TopK
from potstill.signal.distribution import Distribution


def test_by_hand():
    logits = torch.tensor([[math.log(1), math.log(2), math.log(5)]])  # probabilities 1/8, 2/8, 5/8
    support = TopK(2).encode(Distribution.of(logits), torch.zeros(1, 1), torch.zeros(1, 0))
    assert support.ids.tolist() == [[2, 1]]
    assert support.log_p.exp().tolist() == [pytest.approx([5 / 8, 2 / 8])]
    assert support.tail_mass.tolist() == pytest.approx([1 / 8])


def test_more_outcomes_than_tokens_are_all_tokens():
    support = TopK(9).encode(Distribution.of(torch.zeros(2, 3)), torch.zeros(2, 1), torch.zeros(2, 0))
    assert support.ids.shape == (2, TopK(9).width(3)) == (2, 3)
    assert support.tail_mass.tolist() == pytest.approx([0, 0], abs=1e-6)
