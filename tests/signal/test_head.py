from __future__ import annotations

import pytest
import torch

from potstill.signal.head import OutputHead

HIDDEN = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
WEIGHT = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
BIAS = torch.linspace(-1, 1, 7)


def test_logits_by_the_formula() -> None:
    head = OutputHead(WEIGHT, BIAS, scale=0.5, softcap=2.0)
    plain = 0.5 * (HIDDEN @ WEIGHT.t() + BIAS)
    assert torch.allclose(head.logits(HIDDEN), 2.0 * torch.tanh(plain / 2.0), atol=1e-6)


@pytest.mark.parametrize("bias", [None, BIAS])
def test_memory_is_used_and_holds_the_same_logits(bias: torch.Tensor | None) -> None:
    head = OutputHead(WEIGHT, bias, scale=0.5, softcap=2.0)
    memory = head.memory(8)
    logits = head.logits(HIDDEN, out=memory)
    assert logits.data_ptr() == memory.data_ptr()
    assert torch.allclose(logits, head.logits(HIDDEN), atol=1e-6)


def test_half_precision_gives_float32_logits_and_leaves_the_memory_alone() -> None:
    head = OutputHead(WEIGHT)
    memory = head.memory(8).zero_()
    logits = head.logits(HIDDEN.bfloat16(), out=memory)
    assert logits.dtype == torch.float32
    assert not memory.any()


@pytest.mark.parametrize("softcap", [None, 1.5])
def test_the_chain_is_the_derivative(softcap: float | None) -> None:
    head = OutputHead(WEIGHT, scale=0.7, softcap=softcap)
    before = (HIDDEN @ WEIGHT.t()).requires_grad_()
    after = 0.7 * before if softcap is None else softcap * torch.tanh(0.7 * before / softcap)
    grad = torch.randn(5, 7, generator=torch.Generator().manual_seed(2))
    after.backward(grad)
    assert torch.allclose(head.chain(grad, after.detach().clone()), before.grad, atol=1e-6)
