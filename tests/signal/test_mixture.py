from __future__ import annotations

import math

import torch

from potstill.signal.mixture import log_mixture


def test_the_share_is_the_seconds() -> None:
    mixed = log_mixture(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.1, 0.9]]), 0.25)
    assert torch.allclose(mixed.exp(), torch.tensor([[0.4, 0.6]]))


def test_finite_where_both_have_vanished() -> None:
    assert log_mixture(torch.zeros(1, 1), torch.zeros(1, 1), 0.5).isfinite().all()


def test_what_is_given_stays() -> None:
    p = torch.tensor([[0.5, 0.5]])
    log_mixture(p, p, 0.5)
    assert math.isclose(p[0, 0].item(), 0.5)
