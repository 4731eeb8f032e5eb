"""Muon: the singular values of what it subtracts, the reference of torch, a closure, and refusal of what it cannot do."""

from __future__ import annotations

import pytest
import torch

from potstill.fit.muon import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(3, 12, 12), (2, 30, 8), (2, 8, 30)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(*shape)
    made = orthogonalized(matrices)
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.5
    assert values.max() < 1.35
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    inner = u.mT @ made @ v.mT
    assert (inner - torch.diag_embed(inner.diagonal(dim1=-2, dim2=-1))).abs().max() < 1e-4


def test_steps_agree_with_torchs_in_its_bfloat16() -> None:
    torch.manual_seed(1)
    start, gradients = torch.randn(24, 16), [torch.randn(24, 16) for _ in range(4)]
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    mine = Muon([ours], lr=1e-2, weight_decay=0.1)
    reference = torch.optim.Muon([theirs], lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        reference.step()
    assert torch.nn.functional.cosine_similarity((ours - start).flatten(), (theirs - start).flatten(), dim=0) > 0.999
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=2e-2)


def test_matrices_of_one_shape_go_together_and_come_out_as_if_alone() -> None:
    torch.manual_seed(2)
    starts, gradients = torch.randn(3, 8, 6), torch.randn(3, 8, 6)
    together = [torch.nn.Parameter(s.clone()) for s in starts]
    alone = [torch.nn.Parameter(s.clone()) for s in starts]
    for parameter, gradient in zip([*together, *alone], [*gradients, *gradients], strict=True):
        parameter.grad = gradient.clone()
    Muon(together, lr=0.1).step()
    for parameter in alone:
        Muon([parameter], lr=0.1).step()
    torch.testing.assert_close(torch.stack(together), torch.stack(alone))


def test_a_parameter_without_gradient_stays() -> None:
    still, moved = torch.nn.Parameter(torch.ones(4, 4)), torch.nn.Parameter(torch.ones(4, 4))
    moved.grad = torch.randn(4, 4)
    Muon([still, moved], lr=0.1).step()
    assert torch.equal(still, torch.ones(4, 4))
    assert not torch.equal(moved, torch.ones(4, 4))


def test_a_closure_gives_gradients_and_the_loss() -> None:
    start, gradient = torch.eye(4), torch.arange(16.0).reshape(4, 4)
    asked, told = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    muon = Muon([asked], lr=0.1)

    def closure() -> float:
        muon.zero_grad()
        loss = (asked * gradient).sum()
        loss.backward()
        return loss.item()

    assert muon.step(closure) == 30.0
    told.grad = gradient
    Muon([told], lr=0.1).step()
    assert torch.equal(asked, told)


def test_a_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="shape \\(3,\\)"):
        Muon([torch.nn.Parameter(torch.ones(3))])
