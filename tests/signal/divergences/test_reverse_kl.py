from __future__ import annotations

import math

import torch

from potstill.signal.divergences.reverse_kl import ReverseKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    # 1/4 ln(1/4 : 1/2) + 3/4 ln(3/4 : 1/2)
    assert math.isclose(ReverseKL()(P.log(), Q.log()).item(), 0.25 * math.log(1 / 2) + 0.75 * math.log(3 / 2), rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    expected = torch.tensor([[0.25 * (math.log(1 / 2) + 1), 0.75 * (math.log(3 / 2) + 1)]])
    assert torch.allclose(ReverseKL().gradient(P.log(), Q.log()), expected)
