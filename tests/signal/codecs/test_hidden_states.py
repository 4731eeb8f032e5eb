from __future__ import annotations

import pytest
import torch

from potstill.errors import CapabilityError
from potstill.signal.codecs.base import Support
from potstill.signal.codecs.hidden_states import KeptStates
from potstill.signal.distribution import Distribution
from potstill.signal.head import OutputHead


def _encode(hidden):
    logits = torch.zeros(len(hidden), 3)
    return KeptStates(0).encode(Distribution.of(logits), hidden, torch.zeros(len(hidden), 0))


def test_states_keep_eleven_significant_bits():
    hidden = torch.tensor([[1.0, 1 + 2**-10, 1 + 2**-12, -3.14159, 0.0]])
    support = _encode(hidden)
    assert support.hidden.tolist() == [[1.0, 1 + 2**-10, 1.0, -3.140625, 0.0]]
    assert support.ids.shape == support.log_p.shape == (1, 0)


def test_the_teachers_head_makes_the_distribution_again():
    head = OutputHead(torch.eye(3))
    signal = KeptStates(0).decode(_encode(torch.tensor([[1.0, 2.0, 4.0]])), head, 3)
    assert torch.allclose(next(signal.chunks(1)).teacher(1.0), torch.tensor([[1.0, 2.0, 4.0]]).log_softmax(-1))


def test_without_the_head_there_is_no_distribution():
    with pytest.raises(CapabilityError, match="need the head of the teacher that made them"):
        KeptStates(0).decode(_encode(torch.zeros(1, 2)), None, 3)
    with pytest.raises(CapabilityError):
        KeptStates(0).decode(Support(torch.zeros(1, 0).long(), torch.zeros(1, 0), torch.zeros(1)), OutputHead(torch.eye(3)), 3)
