from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.codecs.sampled import Sampled
from potstill.signal.distribution import Distribution


def _encode(p, uniform):
    logits = torch.log(torch.tensor([p]))
    return Sampled(len(uniform)).encode(Distribution.of(logits), torch.zeros(1, 1), torch.tensor([uniform]).double())


def test_by_hand():
    # cumulative 1/8, 3/8, 1: the draws are tokens 2, 0, 2, 1
    support = _encode([1.0, 2.0, 5.0], [0.5, 0.1, 0.99, 0.2])
    assert support.ids.tolist() == [[2, 0, 1, -1]]
    assert support.log_p.tolist() == [pytest.approx([math.log(0.5), math.log(0.25), math.log(0.25), -math.inf])]
    assert support.tail_mass.tolist() == [0.0]


def test_it_says_how_much_it_needs():
    assert (Sampled(12).width(5), Sampled(12).uniforms(), Sampled(12).max_error) == (12, 12, None)
