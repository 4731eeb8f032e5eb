from __future__ import annotations

import math

import torch

from potstill.signal.divergences.total_variation import TotalVariation

P, Q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])


def test_by_hand() -> None:
    assert math.isclose(TotalVariation()(P.log(), Q.log()).item(), 0.25, rel_tol=1e-6)


def test_gradient_by_hand() -> None:
    assert torch.allclose(TotalVariation().gradient(P.log(), Q.log()), torch.tensor([[-0.125, 0.375]]))


def test_all_mass_elsewhere_is_one() -> None:
    apart = torch.tensor([[0.0, -1e4]])
    assert TotalVariation()(apart, apart.flip(-1)).item() == 1.0


def test_a_difference_of_rounding_alone_pulls_nowhere() -> None:
    near = torch.tensor([[0.500002, 0.499998]])
    assert not TotalVariation().gradient(P.log(), near.log()).any()


def test_an_unlikely_outcome_pulls_however_small_the_difference() -> None:
    p, q = torch.tensor([[1e-7, 1.0]]), torch.tensor([[2e-7, 1.0]])
    assert torch.allclose(TotalVariation().gradient(p.log(), q.log())[0, 0], torch.tensor(1e-7))
