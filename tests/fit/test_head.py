from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from potstill.fit import OutputHead, Term, fused_loss
from potstill.signal import Dense, Point, Sparse
from potstill.signal.divergences.decoupled import Decoupled
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.jsd import JSD
from potstill.signal.divergences.reverse_kl import ReverseKL

N, H, V = 10, 6, 15


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


TEACHER = random(N, V, seed=1)
TOP = torch.log_softmax(TEACHER, -1).topk(4, -1)
ROWS = torch.linspace(0.0, 2.0, N)
TERMS = [
    Term("hard", Point(TEACHER.argmax(-1)), ForwardKL(), ROWS),
    Term("top", Sparse(TOP.indices, TOP.values), JSD(0.3), ROWS.flip(0), scale=0.5),
    Term("warm", Dense(TEACHER, V), ReverseKL(), ROWS, temperature=2.0, scale=4.0),
    Term("standard", Dense(TEACHER, V), ForwardKL(), ROWS, temperature=0.5, standardise=True),
    Term("decoupled", Sparse(TOP.indices, TOP.values), Decoupled(), ROWS, target=torch.arange(N)),
]


@dataclass
class Parameters:
    hidden: Tensor
    weight: Tensor
    bias: Tensor | None

    @classmethod
    def fresh(cls, bias: bool = True) -> Parameters:
        made = [random(N, H, seed=2), random(V, H, seed=3), random(V, seed=4)]
        hidden, weight, shift = (t.requires_grad_() for t in made)
        return cls(hidden, weight, shift if bias else None)

    @property
    def grads(self) -> list[Tensor]:
        return [t.grad for t in (self.hidden, self.weight, self.bias) if t is not None and t.grad is not None]


def naive(p: Parameters, terms: list[Term], scale: float, softcap: float | None) -> Tensor:
    """All logits at once, through autograd."""
    z = scale * torch.nn.functional.linear(p.hidden, p.weight, p.bias)
    z = z if softcap is None else softcap * torch.tanh(z / softcap)
    total = torch.zeros(())
    for term in terms:
        outcomes = next(iter(term.signal.chunks(N)))
        compared = (z - z.mean(-1, keepdim=True)) / z.std(-1, correction=0, keepdim=True) if term.standardise else z
        log_k = outcomes.student(torch.log_softmax(compared / term.temperature, -1))
        place = None if term.target is None else outcomes.place(term.target)
        values = term.divergence(outcomes.teacher(term.temperature, term.standardise), log_k, place)
        total = total + (values * term.weight).sum() * term.scale
    return total


@pytest.mark.parametrize("terms", [*([term] for term in TERMS), TERMS], ids=[*(term.name for term in TERMS), "all"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("scale", "softcap"), [(1.0, None), (0.5, None), (1.0, 3.0), (0.5, 3.0)])
@pytest.mark.parametrize("chunk_rows", [3, 100])
def test_equals_autograd_over_all_logits(terms: list[Term], bias: bool, scale: float, softcap: float | None, chunk_rows: int) -> None:
    ours, theirs = Parameters.fresh(bias), Parameters.fresh(bias)
    loss, _ = fused_loss(ours.hidden, OutputHead(ours.weight, ours.bias, scale, softcap), terms, chunk_bytes=4 * V * chunk_rows)
    expected = naive(theirs, terms, scale, softcap)
    (3.0 * loss).backward()
    (3.0 * expected).backward()
    assert torch.allclose(loss, expected, rtol=1e-5)
    for got, wanted in zip(ours.grads, theirs.grads, strict=True):
        assert torch.allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_values_are_of_each_row_before_weight_and_scale() -> None:
    p = Parameters.fresh()
    loss, values = fused_loss(p.hidden, OutputHead(p.weight, p.bias), TERMS)
    assert list(values) == [term.name for term in TERMS]
    assert all(v.shape == (N,) and not v.requires_grad for v in values.values())
    parts = [(values[t.name] * t.weight).sum() * t.scale for t in TERMS]
    assert torch.allclose(loss, sum(parts, torch.zeros(())))


def test_terms_of_one_name_are_numbered() -> None:
    p = Parameters.fresh()
    assert list(fused_loss(p.hidden, OutputHead(p.weight), [TERMS[0], TERMS[0]])[1]) == ["hard", "hard_2"]


def test_what_is_frozen_gets_no_gradient() -> None:
    p = Parameters.fresh()
    p.weight.requires_grad_(False)
    fused_loss(p.hidden, OutputHead(p.weight, p.bias), TERMS)[0].backward()
    assert p.weight.grad is None
    assert p.hidden.grad is not None
    assert p.bias is not None
    assert p.bias.grad is not None


def test_values_alone_need_no_gradient() -> None:
    p = Parameters.fresh()
    with torch.no_grad():
        loss, _ = fused_loss(p.hidden, OutputHead(p.weight), TERMS)
    assert torch.allclose(loss, naive(Parameters.fresh(bias=False), TERMS, 1.0, None), rtol=1e-5)
    assert not loss.requires_grad


def test_a_second_backward_is_refused() -> None:
    p = Parameters.fresh()
    loss, _ = fused_loss(p.hidden, OutputHead(p.weight), TERMS)
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_half_precision_sums_the_heads_gradient_in_float32() -> None:
    p, exact = Parameters.fresh(), Parameters.fresh()
    hidden, weight = (t.detach().bfloat16().requires_grad_() for t in (p.hidden, p.weight))
    fused_loss(hidden, OutputHead(weight), TERMS[2:], chunk_bytes=4 * V)[0].backward()
    fused_loss(exact.hidden, OutputHead(exact.weight), TERMS[2:])[0].backward()
    for got, wanted in ((hidden.grad, exact.hidden.grad), (weight.grad, exact.weight.grad)):
        assert got is not None
        assert wanted is not None
        assert got.dtype == torch.bfloat16
        assert torch.allclose(got.float(), wanted, rtol=0.1, atol=0.05 * float(wanted.abs().max()))


def test_no_row_costs_nothing() -> None:
    p = Parameters.fresh()
    term = Term("hard", Point(torch.zeros(0, dtype=torch.long)), ForwardKL(), torch.zeros(0))
    loss, _ = fused_loss(p.hidden[:0], OutputHead(p.weight), [term])
    loss.backward()
    assert loss.item() == 0.0
    assert p.weight.grad is not None
    assert not p.weight.grad.any()
