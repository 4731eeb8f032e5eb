from __future__ import annotations

import math

import torch

from potstill.signal.divergences.forward_kl import ForwardKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    # 1/2 ln(1/2 : 1/4) + 1/2 ln(1/2 : 3/4) = 1/2 ln 4/3
    assert math.isclose(ForwardKL()(P.log(), Q.log()).item(), 0.5 * math.log(4 / 3), rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    assert torch.allclose(ForwardKL().gradient(P.log(), Q.log()), -P)


def test_a_realised_token_gives_cross_entropy() -> None:
    assert torch.allclose(ForwardKL()(torch.zeros(1, 1), torch.tensor([[-1.7]])), torch.tensor([1.7]))
