"""What holds for every divergence that is registered, here and in other packages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from potstill.fit import OutputHead, Term, fused_loss
from potstill.registry import find, names
from potstill.signal import Outcomes
from potstill.signal.divergences.base import Divergence
from tests.signal.small import SIGNALS, VOCABULARY, dense, logits, loss, realised, sparse

NAMES = names("divergence")
Probabilities = Sequence[float]


def forward_kl(p: Probabilities, q: Probabilities) -> float:
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


def reverse_kl(p: Probabilities, q: Probabilities) -> float:
    return forward_kl(q, p)


def jsd(p: Probabilities, q: Probabilities) -> float:
    m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return (forward_kl(p, m) + forward_kl(q, m)) / 2


def skew_forward_kl(p: Probabilities, q: Probabilities) -> float:
    return forward_kl(p, [0.1 * a + 0.9 * b for a, b in zip(p, q, strict=True)])


def skew_reverse_kl(p: Probabilities, q: Probabilities) -> float:
    return skew_forward_kl(q, p)


def total_variation(p: Probabilities, q: Probabilities) -> float:
    return sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2


def alpha_beta(p: Probabilities, q: Probabilities, alpha: float = 0.2, beta: float = 0.7) -> float:
    both = alpha + beta
    terms = (a**alpha * b**beta - (alpha * a**both + beta * b**both) / both for a, b in zip(p, q, strict=True))
    return -sum(terms) / (alpha * beta)


def adaptive_kl(p: Probabilities, q: Probabilities, mu: float = 0.5) -> float:
    head = tail = mass = 0.0
    for a, b in sorted(zip(p, q, strict=True)):
        mass += a
        head, tail = (head, tail + abs(a - b)) if mass <= mu else (head + abs(a - b), tail)
    return (head * forward_kl(p, q) + tail * reverse_kl(p, q)) / ((head + tail) or 1.0)


def entropy_aware(p: Probabilities, q: Probabilities) -> float:
    entropy = -sum(a * math.log(a) for a in p)
    return reverse_kl(p, q) + (forward_kl(p, q) if entropy >= 0.8 else 0.0)


def taid(p: Probabilities, q: Probabilities, t: float = 0.4) -> float:
    between = [a**t * b ** (1 - t) for a, b in zip(p, q, strict=True)]
    return forward_kl([x / sum(between) for x in between], q)


def decoupled(p: Probabilities, q: Probabilities, target: int) -> float:
    (a, *others_p), (b, *others_q) = ([x[target], *x[:target], *x[target + 1 :]] for x in map(list, (p, q)))
    left_p, left_q = sum(others_p), sum(others_q)
    others = forward_kl([x / left_p for x in others_p], [x / left_q for x in others_q])
    return forward_kl([a, left_p], [b, left_q]) + others


BY_TARGET = {"decoupled": decoupled}
TWINS: dict[str, Callable[[Probabilities, Probabilities], float]] = {
    f.__name__: f
    for f in (forward_kl, reverse_kl, jsd, skew_forward_kl, skew_reverse_kl, total_variation, alpha_beta, adaptive_kl, entropy_aware, taid)
}
"""Each divergence once more: slow, in float64 and without torch; those that ask for the realised outcome apart."""
DETACHED = {"adaptive_kl", "taid"}
"""Those through parts of which no gradient passes."""
WEIGHED = {"adaptive_kl", "alpha_beta", "decoupled", "entropy_aware", "taid"}
"""Those whose weights depend on single outcomes: lumping outcomes together may add to them."""


def make(name: str) -> Divergence:
    divergence: Divergence = find("divergence", name).factory()
    return divergence


def test_every_divergence_has_its_twin() -> None:
    assert {name for name in NAMES if find("divergence", name).factory.__module__.startswith("potstill.")} == {*TWINS, *BY_TARGET}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(seeds=st.tuples(*[st.integers(0, 10**6)] * 2), scale=st.floats(0.01, 5.0))
def test_equals_its_twin_and_is_not_negative(name: str, seeds: tuple[int, int], scale: float) -> None:
    log_p, log_q = (torch.log_softmax(logits(2, seed, scale), -1) for seed in seeds)
    target = realised(2)
    values = make(name)(log_p, log_q, target)
    rows = zip(log_p.double().exp().tolist(), log_q.double().exp().tolist(), target.tolist(), strict=True)
    expected = torch.tensor([BY_TARGET[name](p, q, t) if name in BY_TARGET else TWINS[name](p, q) for p, q, t in rows])
    assert torch.allclose(values, expected, rtol=1e-4, atol=1e-6)
    assert (values > -1e-6).all()


@pytest.mark.parametrize("signal", ["dense", "sparse", "hidden_states"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [0.1, 3.0, 30.0])
def test_nothing_to_learn_from_oneself(name: str, signal: str, scale: float) -> None:
    student = logits(6, seed=0, scale=scale)
    values, grad = loss(make(name), SIGNALS[signal](student), student)
    assert values.abs().max() < 2e-6
    assert grad.abs().max() < 2e-6


EXTREME = {
    "apart": (1e4, -1e4),
    "one-hot": (1e4, 0.0),
    "never": (-1e4, 0.0),
    "ties": (0.0, 0.0),
}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("teacher", EXTREME)
@pytest.mark.parametrize("student", EXTREME)
def test_finite_at_extreme_logits(name: str, signal: str, teacher: str, student: str) -> None:
    p, q = torch.zeros(2, VOCABULARY), torch.zeros(2, VOCABULARY)
    for row, (where_p, where_q) in enumerate([(0, 0), (0, VOCABULARY - 1)]):
        p[row, :], q[row, :] = EXTREME[teacher][1], EXTREME[student][1]
        p[row, where_p], q[row, where_q] = EXTREME[teacher][0], EXTREME[student][0]
    values, grad = loss(make(name), SIGNALS[signal](p), q)
    assert values.isfinite().all()
    assert grad.isfinite().all()
    assert (values > -1e-5).all() or signal == "point"


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", NAMES)
def test_in_chunks_as_in_one(name: str, signal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    student, teacher = logits(13, seed=0, scale=2.0), SIGNALS[signal](logits(13, seed=1, scale=2.0))
    whole = loss(make(name), teacher, student)
    monkeypatch.setattr("potstill.fit.head.BLOCK_BYTES", 4 * VOCABULARY * 2)
    for chunk_rows in (1, 4, 5, 13):
        for got, expected in zip(loss(make(name), teacher, student, chunk_rows=chunk_rows), whole, strict=True):
            assert torch.allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name: str, signal: str) -> None:
    student, teacher = logits(4, seed=0), logits(4, seed=1)
    padding = torch.full((3, VOCABULARY), 7.0) + logits(3, seed=2, scale=50.0)
    values, grad = loss(make(name), SIGNALS[signal](teacher), student)
    weight = torch.tensor([1.0] * 4 + [0.0] * 3)
    padded = loss(make(name), SIGNALS[signal](torch.cat([teacher, padding.flip(-1)])), torch.cat([student, padding]), weight)
    assert torch.allclose(padded[0][:4], values, atol=1e-6)
    assert torch.allclose(padded[1][:4], grad, atol=1e-6)
    assert not padded[1][4:].any()


@pytest.mark.parametrize("signal", ["dense", "sparse"])
@pytest.mark.parametrize("name", NAMES)
def test_accumulated_as_one_big_batch(name: str, signal: str) -> None:
    hidden, teacher = logits(9, seed=0), logits(9, seed=1)
    weight = torch.linspace(0.5, 2.0, 9)

    def head_gradient(parts: Sequence[slice]) -> Tensor:
        matrix = torch.eye(VOCABULARY, requires_grad=True)
        for part in parts:
            term = Term("term", SIGNALS[signal](teacher[part]), make(name), weight[part], target=realised(9)[part])
            fused_loss(hidden[part], OutputHead(matrix), [term])[0].backward()
        assert matrix.grad is not None
        return matrix.grad

    assert torch.allclose(head_gradient([slice(0, 2), slice(2, 7), slice(7, 9)]), head_gradient([slice(0, 9)]), atol=1e-5)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_equals_autograd(name: str, signal: str) -> None:
    teacher, divergence = SIGNALS[signal](logits(6, seed=1, scale=3.0)), make(name)
    student = logits(6, seed=0, scale=3.0).requires_grad_()
    outcomes: Outcomes = next(iter(teacher.chunks(6)))
    divergence(outcomes.teacher(1.0), outcomes.student(torch.log_softmax(student, -1)), outcomes.place(realised(6))).sum().backward()
    _, grad = loss(divergence, teacher, student.detach())
    assert torch.allclose(grad, student.grad, atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize("name", sorted(set(NAMES) - DETACHED))
def test_autograd_itself_is_right(name: str) -> None:
    divergence = make(name)
    log_p = torch.log_softmax(logits(3, seed=1).double(), -1)
    student = logits(3, seed=0).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: divergence(log_p, torch.log_softmax(z, -1), realised(3)), (student,))


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_of_the_outcomes_is_right_in_float64(name: str) -> None:
    divergence = make(name)
    log_p = torch.log_softmax(logits(3, seed=1).double(), -1)
    log_q = torch.log_softmax(logits(3, seed=0).double(), -1).requires_grad_()
    divergence(log_p, log_q, realised(3)).sum().backward()
    assert torch.allclose(divergence.gradient(log_p, log_q.detach(), realised(3)), log_q.grad, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_have_no_order(name: str) -> None:
    log_p, log_q = (torch.log_softmax(logits(3, seed), -1) for seed in (0, 1))
    order = torch.randperm(VOCABULARY, generator=torch.Generator().manual_seed(2))
    target = realised(3)
    shuffled = make(name)(log_p[:, order], log_q[:, order], order.argsort()[target])
    assert torch.allclose(make(name)(log_p, log_q, target), shuffled, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(NAMES) - WEIGHED))
def test_lumping_outcomes_together_never_adds_divergence(name: str) -> None:
    """The data-processing inequality: the top k and the tail tell less than the whole vocabulary."""
    student, teacher = logits(20, seed=0, scale=2.0), logits(20, seed=1, scale=2.0)
    whole, lumped = (loss(make(name), kind(teacher), student)[0] for kind in (dense, sparse))
    assert (lumped <= whole + 1e-6).all()
