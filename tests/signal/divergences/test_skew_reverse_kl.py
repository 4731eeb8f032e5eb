from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.reverse_kl import ReverseKL
from potstill.signal.divergences.skew_forward_kl import SkewForwardKL
from potstill.signal.divergences.skew_reverse_kl import SkewReverseKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    # m = 0.8 p + 0.2 q = (0.45, 0.55)
    expected = 0.25 * math.log(0.25 / 0.45) + 0.75 * math.log(0.75 / 0.55)
    assert math.isclose(SkewReverseKL(0.2)(P.log(), Q.log()).item(), expected, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    expected = [q * (math.log(q / m) + 1 - 0.2 * q / m) for q, m in ((0.25, 0.45), (0.75, 0.55))]
    assert torch.allclose(SkewReverseKL(0.2).gradient(P.log(), Q.log()), torch.tensor([expected]), atol=1e-6)


def test_the_skew_forward_divergence_with_the_roles_exchanged() -> None:
    assert torch.allclose(SkewReverseKL(0.3)(P.log(), Q.log()), SkewForwardKL(0.3)(Q.log(), P.log()))


def test_hardly_skewed_it_is_reverse_kl() -> None:
    assert math.isclose(SkewReverseKL(1e-5)(P.log(), Q.log()).item(), ReverseKL()(P.log(), Q.log()).item(), rel_tol=1e-3)


def test_the_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1, not 1.0: use reverse_kl"):
        SkewReverseKL(1.0)
