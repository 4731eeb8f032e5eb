from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.taid import TAID

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.2, 0.8]])


def test_by_hand() -> None:
    # halfway: sqrt(0.1) and sqrt(0.4), so 1/3 and 2/3
    expected = math.log(1 / 3 / 0.2) / 3 + 2 * math.log(2 / 3 / 0.8) / 3
    assert math.isclose(TAID(0.5)(P.log(), Q.log()).item(), expected, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    assert torch.allclose(TAID(0.5).gradient(P.log(), Q.log()), torch.tensor([[-1 / 3, -2 / 3]]))


def test_at_the_end_it_is_forward_kl_and_at_the_beginning_nothing() -> None:
    assert torch.allclose(TAID(1.0)(P.log(), Q.log()), ForwardKL()(P.log(), Q.log()))
    assert TAID(0.0)(P.log(), Q.log()).abs().item() < 1e-6


def test_a_target_beyond_the_teacher_is_refused() -> None:
    with pytest.raises(ValueError, match="t must lie between 0 and 1, not 1.5"):
        TAID(1.5)
