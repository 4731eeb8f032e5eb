from __future__ import annotations

import pytest
import torch

from potstill.signal.divergences.adaptive_kl import AdaptiveKL
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.reverse_kl import ReverseKL

P = torch.tensor([[0.6, 0.3, 0.1]])
"""Up to half of the mass, the tail is the last two."""


def test_by_hand() -> None:
    q = torch.tensor([[0.4, 0.35, 0.25]])  # gaps 0.2 in the head; 0.05 and 0.15 in the tail
    forward, reverse = ForwardKL()(P.log(), q.log()), ReverseKL()(P.log(), q.log())
    assert torch.allclose(AdaptiveKL()(P.log(), q.log()), (forward + reverse) / 2)


def test_a_gap_in_the_tail_alone_is_met_by_reverse_kl() -> None:
    q = torch.tensor([[0.6, 0.1, 0.3]])
    assert torch.allclose(AdaptiveKL()(P.log(), q.log()), ReverseKL()(P.log(), q.log()))
    assert torch.allclose(AdaptiveKL().gradient(P.log(), q.log()), ReverseKL().gradient(P.log(), q.log()))


def test_the_tail_goes_by_the_teachers_probabilities_wherever_they_stand() -> None:
    order = [1, 2, 0]
    q = torch.tensor([[0.3, 0.5, 0.2]])
    assert torch.allclose(AdaptiveKL()(P[:, order].log(), q[:, order].log()), AdaptiveKL()(P.log(), q.log()))


def test_no_gradient_passes_the_weights() -> None:
    q = torch.tensor([[0.3, 0.5, 0.2]]).log().requires_grad_()
    AdaptiveKL()(P.log(), q).sum().backward()
    head, tail = 0.3, 0.3
    share = head / (head + tail)
    expected = share * ForwardKL().gradient(P.log(), q.detach()) + (1 - share) * ReverseKL().gradient(P.log(), q.detach())
    assert q.grad is not None
    assert torch.allclose(q.grad, expected, atol=1e-6)


def test_the_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="mu must lie strictly between 0 and 1, not 1: use forward_kl or reverse_kl"):
        AdaptiveKL(1)
