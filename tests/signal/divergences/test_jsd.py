from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.jsd import JSD
from potstill.signal.divergences.reverse_kl import ReverseKL

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    # m = (3/8, 5/8): 1/2 [1/2 ln 4/3 + 1/2 ln 4/5] + 1/2 [1/4 ln 2/3 + 3/4 ln 6/5]
    of_teacher = 0.5 * math.log(4 / 3) + 0.5 * math.log(4 / 5)
    of_student = 0.25 * math.log(2 / 3) + 0.75 * math.log(6 / 5)
    assert math.isclose(JSD()(P.log(), Q.log()).item(), 0.5 * of_teacher + 0.5 * of_student, rel_tol=1e-5)


def test_gradient_by_hand() -> None:
    expected = torch.tensor([[0.5 * 0.25 * math.log(2 / 3), 0.5 * 0.75 * math.log(6 / 5)]])
    assert torch.allclose(JSD().gradient(P.log(), Q.log()), expected, atol=1e-6)


def test_the_default_is_the_symmetric_one() -> None:
    assert JSD().beta == 0.5
    assert torch.allclose(JSD()(P.log(), Q.log()), JSD()(Q.log(), P.log()))


def test_bounded_by_ln_2() -> None:
    apart = torch.tensor([[0.0, -1e4]])
    assert math.isclose(JSD()(apart, apart.flip(-1)).item(), math.log(2), rel_tol=1e-5)


def test_the_ends_are_the_two_kl_divergences() -> None:
    near_0, near_1 = JSD(1e-3), JSD(1 - 1e-3)
    assert math.isclose(near_0(P.log(), Q.log()).item() / 1e-3, ForwardKL()(P.log(), Q.log()).item(), rel_tol=1e-2)
    assert math.isclose(near_1(P.log(), Q.log()).item() / 1e-3, ReverseKL()(P.log(), Q.log()).item(), rel_tol=1e-2)


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1])
def test_the_ends_themselves_are_refused(beta: float) -> None:
    with pytest.raises(ValueError, match="forward_kl or reverse_kl"):
        JSD(beta)
