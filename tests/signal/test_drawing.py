from __future__ import annotations

import pytest
import torch

from potstill.signal.drawing import invert, likeliest


def _p(vocabulary: int, rows: int = 5) -> torch.Tensor:
    return torch.softmax(2 * torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(vocabulary)), -1)


@pytest.mark.parametrize("vocabulary", [1, 3, 63, 64, 65, 128, 1000])
def test_inversion_is_that_of_the_cumulative_sum(vocabulary):
    p = _p(vocabulary)
    uniform = torch.rand(5, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mass = p.double().cumsum(-1)
    expected = torch.searchsorted(mass, uniform * mass[:, -1:], right=True)
    assert (invert(p, uniform) != expected).double().mean() < 0.01  # a draw within a rounding of a border may fall on either side
    assert (invert(p, uniform) - expected).abs().max() <= 1


def test_impossible_tokens_are_never_drawn_not_even_at_the_ends():
    p = _p(200)
    p[:, :70] = 0
    p[:, 130:] = 0
    p[:, 100] = 0
    uniform = torch.tensor([0.0, 1e-300, 0.5, 1 - 2**-53], dtype=torch.float64).expand(5, -1)
    drawn = invert(p, uniform)
    assert (p.gather(-1, drawn) > 0).all()
    assert drawn.min() == 70
    assert drawn.max() == 129


def test_draws_have_the_distribution():
    p = _p(150, rows=1)
    uniform = torch.rand(1, 100_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    counts = torch.bincount(invert(p, uniform)[0], minlength=150) / 100_000
    assert (counts - p[0]).abs().max() < 0.005


@pytest.mark.parametrize("vocabulary", [5, 64, 1000, 1025, 4097])
@pytest.mark.parametrize("k", [0, 1, 3, 5])
def test_the_likeliest_are_those_of_a_full_sort(vocabulary, k):
    logits = torch.randn(7, vocabulary, generator=torch.Generator().manual_seed(k))
    values, ids = likeliest(logits, k)
    expected = logits.topk(k, -1)
    assert torch.equal(values, expected.values)
    assert torch.equal(ids, expected.indices)


def test_ties_and_impossible_tokens_among_the_likeliest():
    logits = torch.full((2, 2000), -torch.inf)
    logits[:, 7], logits[:, 1999] = 1.0, 1.0
    values, ids = likeliest(logits, 3)
    assert values.tolist() == [[1.0, 1.0, -torch.inf]] * 2
    assert all(len(set(row)) == 3 for row in ids.tolist())
