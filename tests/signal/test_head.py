from __future__ import annotations

import pytest
import torch

from potstill.signal import head as module
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


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_summed_up_in_float32(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, device: str) -> None:
    monkeypatch.setattr(module, "_PART", 100)
    random = torch.Generator().manual_seed(3)
    hidden, weight = torch.randn(2, 3, 64, generator=random).to(device, dtype), torch.randn(50, 64, generator=random).to(device, dtype)
    bias = torch.linspace(-1, 1, 50).to(device, dtype)
    with torch.no_grad():
        logits = OutputHead(weight, bias, scale=0.5).logits(hidden)
    exact = 0.5 * (hidden.double() @ weight.double().t() + bias.double())
    assert torch.allclose(logits.double(), exact, atol=1e-5)


def test_half_precision_logits_pass_a_gradient_on() -> None:
    hidden = HIDDEN.bfloat16().requires_grad_()
    OutputHead(WEIGHT.bfloat16(), BIAS.bfloat16()).logits(hidden).sum().backward()
    assert torch.allclose(hidden.grad.float(), WEIGHT.sum(0).expand(5, -1), atol=0.05)


@pytest.mark.parametrize("softcap", [None, 1.5])
def test_the_chain_is_the_derivative(softcap: float | None) -> None:
    head = OutputHead(WEIGHT, scale=0.7, softcap=softcap)
    before = (HIDDEN @ WEIGHT.t()).requires_grad_()
    after = 0.7 * before if softcap is None else softcap * torch.tanh(0.7 * before / softcap)
    grad = torch.randn(5, 7, generator=torch.Generator().manual_seed(2))
    after.backward(grad)
    assert torch.allclose(head.chain(grad, after.detach().clone()), before.grad, atol=1e-6)
