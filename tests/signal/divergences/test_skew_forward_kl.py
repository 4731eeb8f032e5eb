from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.skew_forward_kl import SkewForwardKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])
APART = torch.tensor([[0.0, -1e4]])


def test_by_hand() -> None:
    # m = 0.2 p + 0.8 q = (0.3, 0.7)
    expected = 0.5 * math.log(0.5 / 0.3) + 0.5 * math.log(0.5 / 0.7)
    assert math.isclose(SkewForwardKL(0.2)(P.log(), Q.log()).item(), expected, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    expected = torch.tensor([[-0.8 * 0.5 * 0.25 / 0.3, -0.8 * 0.5 * 0.75 / 0.7]])
    assert torch.allclose(SkewForwardKL(0.2).gradient(P.log(), Q.log()), expected, atol=1e-6)


def test_bounded_where_forward_kl_is_not() -> None:
    assert math.isclose(SkewForwardKL(0.1)(APART, APART.flip(-1)).item(), -math.log(0.1), rel_tol=1e-5)
    assert ForwardKL()(APART, APART.flip(-1)).item() == 1e4


def test_hardly_skewed_it_is_forward_kl() -> None:
    assert math.isclose(SkewForwardKL(1e-5)(P.log(), Q.log()).item(), ForwardKL()(P.log(), Q.log()).item(), rel_tol=1e-3)


def test_the_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1, not 0.0: use forward_kl"):
        SkewForwardKL(0.0)
