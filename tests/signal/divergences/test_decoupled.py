from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.decoupled import Decoupled
from potstill.signal.divergences.forward_kl import ForwardKL

P, Q = torch.tensor([[0.5, 0.3, 0.2]]), torch.tensor([[0.4, 0.12, 0.48]])
REALISED = torch.tensor([0])


def test_by_hand() -> None:
    binary = 0.5 * math.log(0.5 / 0.4) + 0.5 * math.log(0.5 / 0.6)
    others = 0.6 * math.log(0.6 / 0.2) + 0.4 * math.log(0.4 / 0.8)
    assert math.isclose(Decoupled(2, 3)(P.log(), Q.log(), REALISED).item(), 2 * binary + 3 * others, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    expected = torch.tensor([[-2 * 0.5, 0.2 * (3 - 2 * 0.5) - 3 * 0.6, 0.8 * (3 - 2 * 0.5) - 3 * 0.4]])
    assert torch.allclose(Decoupled(2, 3).gradient(P.log(), Q.log(), REALISED), expected, atol=1e-6)


def test_forward_kl_is_the_case_in_which_the_others_count_as_the_teacher_says() -> None:
    assert torch.allclose(Decoupled(1, 0.5)(P.log(), Q.log(), REALISED), ForwardKL()(P.log(), Q.log()))


def test_without_the_realised_outcome_there_is_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="needs the realised outcome"):
        Decoupled()(P.log(), Q.log())


def test_weights_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative, nor both 0"):
        Decoupled(0, 0)
