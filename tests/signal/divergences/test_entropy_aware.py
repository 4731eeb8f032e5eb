from __future__ import annotations

import math

import pytest
import torch

from potstill.signal.divergences.entropy_aware import EntropyAware
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.reverse_kl import ReverseKL

SURE, UNSURE = torch.tensor([[0.98, 0.01, 0.01]]), torch.tensor([[0.4, 0.3, 0.3]])
Q = torch.tensor([[0.2, 0.3, 0.5]])


def test_reverse_kl_alone_where_the_teacher_is_sure() -> None:
    assert torch.allclose(EntropyAware()(SURE.log(), Q.log()), ReverseKL()(SURE.log(), Q.log()))
    assert torch.allclose(EntropyAware().gradient(SURE.log(), Q.log()), ReverseKL().gradient(SURE.log(), Q.log()))


def test_both_where_it_is_not() -> None:
    both = ReverseKL()(UNSURE.log(), Q.log()) + 0.5 * ForwardKL()(UNSURE.log(), Q.log())
    assert torch.allclose(EntropyAware(weight=0.5)(UNSURE.log(), Q.log()), both)
    grads = ReverseKL().gradient(UNSURE.log(), Q.log()) + 0.5 * ForwardKL().gradient(UNSURE.log(), Q.log())
    assert torch.allclose(EntropyAware(weight=0.5).gradient(UNSURE.log(), Q.log()), grads)


def test_the_threshold_is_in_nats() -> None:
    even = torch.tensor([[0.5, 0.5, 0.0]]).log().clamp_min(-1e4)
    reverse = ReverseKL()(even, Q.log())
    assert torch.allclose(EntropyAware(math.log(2) + 1e-3)(even, Q.log()), reverse)
    assert (EntropyAware(math.log(2) - 1e-3)(even, Q.log()) > reverse).all()


@pytest.mark.parametrize(("threshold", "weight"), [(-0.1, 1.0), (0.8, 0.0)])
def test_settings_that_say_nothing_are_refused(threshold: float, weight: float) -> None:
    with pytest.raises(ValueError, match="threshold must not be negative and weight must be above 0"):
        EntropyAware(threshold, weight)
