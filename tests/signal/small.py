"""Signals over a small vocabulary, and a loss taken through the fused head with nothing before it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from potstill.fit import OutputHead, Term, fused_loss
from potstill.signal import Dense, HiddenStates, Point, Signal, Sparse
from potstill.signal.divergences.base import Divergence

VOCABULARY, TOP = 11, 3


def logits(rows: int, seed: int, scale: float = 1.0) -> Tensor:
    """Random logits of a student or a teacher, [rows, VOCABULARY]."""
    return torch.randn(rows, VOCABULARY, generator=torch.Generator().manual_seed(seed)) * scale


def dense(teacher: Tensor) -> Dense:
    """The whole distribution."""
    return Dense(teacher, VOCABULARY)


def sparse(teacher: Tensor) -> Sparse:
    """The top 3 and the tail, as they would be stored."""
    top = torch.log_softmax(teacher.double(), -1).topk(TOP, -1)
    return Sparse(top.indices, top.values.float())


def hidden_states(teacher: Tensor) -> HiddenStates:
    """The whole distribution from a head that hands its input on."""
    return HiddenStates(teacher, OutputHead(torch.eye(VOCABULARY)), VOCABULARY)


def point(teacher: Tensor) -> Point:
    """The likeliest token as the realised one."""
    return Point(teacher.argmax(-1))


SIGNALS: dict[str, Callable[[Tensor], Signal]] = {f.__name__: f for f in (dense, sparse, hidden_states, point)}


def realised(rows: int) -> Tensor:
    """The tokens that stand there, one after the other."""
    return torch.arange(rows) % VOCABULARY


def loss(
    divergence: Divergence,
    signal: Signal,
    student: Tensor,
    weight: Tensor | None = None,
    temperature: float = 1.0,
    chunk_rows: int = 1000,
) -> tuple[Tensor, Tensor]:
    """Each row's value, and the gradient of their weighted sum with respect to the student's logits."""
    leaf = student.clone().requires_grad_()
    weight = torch.ones(len(student)) if weight is None else weight
    term = Term("term", signal, divergence, weight, temperature, target=realised(len(student)))
    total, values = fused_loss(leaf, OutputHead(torch.eye(VOCABULARY)), [term], chunk_bytes=4 * VOCABULARY * chunk_rows)
    total.backward()
    assert leaf.grad is not None
    return values["term"], leaf.grad
