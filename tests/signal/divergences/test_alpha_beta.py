from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from potstill.signal.divergences.alpha_beta import AlphaBeta
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.reverse_kl import ReverseKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    # alpha = beta = 1: 1/2 sum (p - q)^2
    assert math.isclose(AlphaBeta(1, 1)(P.log(), Q.log()).item(), 0.0625, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    # alpha = beta = 1: q (q - p)
    assert torch.allclose(AlphaBeta(1, 1).gradient(P.log(), Q.log()), torch.tensor([[-0.0625, 0.1875]]))


@pytest.mark.parametrize(("alpha", "beta", "same"), [(1.0, 0.0, ForwardKL()), (0.0, 1.0, ReverseKL())])
def test_the_ends_are_the_two_kl_divergences(alpha: float, beta: float, same: ForwardKL | ReverseKL) -> None:
    end, near = AlphaBeta(alpha, beta), AlphaBeta(alpha or 1e-3, beta or 1e-3)
    assert torch.allclose(end(P.log(), Q.log()), same(P.log(), Q.log()), atol=1e-6)
    assert torch.allclose(near(P.log(), Q.log()), same(P.log(), Q.log()), rtol=1e-2)
    assert torch.allclose(to_logits(end.gradient(P.log(), Q.log())), to_logits(same.gradient(P.log(), Q.log())), atol=1e-6)


def to_logits(grad: Tensor) -> Tensor:
    """Through the softmax of Q: what counts of a gradient where probabilities are free."""
    return grad - Q * grad.sum(-1, keepdim=True)


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 0.7), (1.0, 0.0), (0.0, 1.0), (0.5, 0.0), (0.0, 0.5), (2.0, 1.0)])
def test_finite_where_a_probability_vanishes(alpha: float, beta: float) -> None:
    log_p, log_q = torch.tensor([[0.0, -1e4, -1e4]]), torch.tensor([[-1e4, 0.0, -1e4]])
    assert AlphaBeta(alpha, beta)(log_p, log_q).isfinite().all()
    assert AlphaBeta(alpha, beta).gradient(log_p, log_q).isfinite().all()


def test_small_differences_do_not_cancel() -> None:
    near = torch.tensor([[0.5001, 0.4999]], dtype=torch.float64)
    exact = AlphaBeta()(P.double().log(), near.log()).item()
    assert math.isclose(AlphaBeta()(P.log(), near.float().log()).item(), exact, rel_tol=0.05, abs_tol=2e-8)


@pytest.mark.parametrize(("alpha", "beta"), [(-0.1, 1.0), (1.0, -0.1), (0.0, 0.0)])
def test_what_is_no_divergence_or_not_finite_is_refused(alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match="must not be negative, nor both 0"):
        AlphaBeta(alpha, beta)
