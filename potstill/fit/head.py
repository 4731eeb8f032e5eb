"""The fused output head: hidden states to loss and gradients, a few rows at a time, so that `[tokens, vocabulary]` never exists.

The gradient is taken in the forward pass (as in Liger Kernel's chunked losses): each chunk of rows is projected, compared with the teacher,
and turned at once into its part of the gradients of the hidden states and of the head. Backward only scales them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.signal.divergences.base import Divergence
from potstill.signal.head import OutputHead
from potstill.signal.outcomes import Outcomes, Signal, log_softmax, standardised

CHUNK_BYTES = 48 * 2**20
"""Size of a chunk of float32 logits; the student has one, and so has each teacher at hand. Matrix products like it large."""
BLOCK_BYTES = 2**19
"""Size of the rows that each thread of a CPU compares at a time: they and what is made of them stay in its cache."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a loss: how far the student is from one signal, under one divergence.

    Attributes:
        name: its name in the metrics.
        signal: what the teacher says at the N rows.
        divergence: the measure, nats a row.
        weight: factor of each row, 0 for a row that does not count.
        temperature: both distributions are taken at it.
        scale: factor of value and gradient alike (`temperature ** 2` keeps the gradient's size when the temperature changes).
        target: the realised tokens' ids, for a divergence that asks for them.
        standardise: both distributions are of logits at mean 0 and standard deviation 1.
    """

    name: str
    signal: Signal
    divergence: Divergence
    weight: Float[Tensor, " N"]
    temperature: float = 1.0
    scale: float = 1.0
    target: Int[Tensor, " N"] | None = None
    standardise: bool = False


def fused_loss(
    hidden: Float[Tensor, "N H"], head: OutputHead, terms: Sequence[Term], chunk_bytes: int = CHUNK_BYTES
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, " N"]]]:
    """The weighted sum of all terms over all rows, and each term's value a row (nats, before weight and scale; detached).

    Args:
        hidden: the student's last hidden states at the rows that count.
        head: its output head.
        terms: what it is compared with.
        chunk_bytes: size of a chunk of logits; more is faster up to a point and takes more memory.
    """
    loss, *values = _FusedLoss.apply(hidden, head.weight, head.bias, head, tuple(terms), chunk_bytes)  # type: ignore[no-untyped-call]
    return loss, dict(zip(_names(terms), values, strict=True))


def _names(terms: Sequence[Term]) -> list[str]:
    """Each term's name; the second of the same name is `name_2`."""
    names = [term.name for term in terms]
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name}_{count}" for name, count in zip(names, counts, strict=True)]


class _FusedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, head: OutputHead, terms: tuple[Term, ...], chunk_bytes: int
    ) -> tuple[Tensor, ...]:
        sums = _Gradients(ctx.needs_input_grad, hidden, weight, bias)
        values = [hidden.new_zeros(len(hidden), dtype=torch.float32) for _ in terms]
        size = _even_share(len(hidden), chunk_bytes // (4 * weight.shape[0]))
        memory = head.memory(size)
        signals = [term.signal.chunks(size) for term in terms]
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, len(hidden), size):
                here = hidden[start : start + size]
                logits = head.logits(here, out=memory)
                _compare(logits, head, terms, [next(s) for s in signals], values, start, sums.wanted)
                sums.add(logits, here, weight, start)
        ctx.save_for_backward(sums.hidden, sums.weight, sums.bias)
        ctx.dtypes = [None if t is None else t.dtype for t in (hidden, weight, bias)]
        ctx.mark_non_differentiable(*values)
        loss = sum(((v * t.weight).sum() * t.scale for v, t in zip(values, terms, strict=True)), hidden.new_zeros((), dtype=torch.float32))
        return loss, *values

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        # in place: autograd refuses a second backward, because what it saved has changed
        pairs = zip(ctx.saved_tensors, ctx.dtypes, strict=True)
        return *(None if g is None else g.mul_(grads[0]).to(dtype) for g, dtype in pairs), None, None, None


def _even_share(total: int, most: int) -> int:
    """The size of as few equal parts as `most` allows."""
    parts = max(1, -(-total // max(1, most)))
    return max(1, -(-total // parts))


def _compare(
    logits: Tensor,
    head: OutputHead,
    terms: tuple[Term, ...],
    signals: list[Outcomes],
    values: list[Tensor],
    start: int,
    differentiate: bool,
) -> None:
    """Fill `values` at the rows from `start`, a block at a time, and put the loss's derivative where the logits stood."""
    size = torch.get_num_threads() * max(1, BLOCK_BYTES // (4 * logits.shape[1])) if logits.device.type == "cpu" else len(logits)
    blocks = [signal.chunks(size) for signal in signals]
    for z in logits.split(size):
        rows = slice(start, start + len(z))
        start = rows.stop
        total: Tensor | None = None
        for term, block, value in zip(terms, blocks, values, strict=True):
            grad = _one_term(term, next(block), z, value, rows, differentiate)
            total = grad if total is None or grad is None else total.add_(grad)
        if total is not None:
            z.copy_(head.chain(total, z))


def _one_term(term: Term, outcomes: Outcomes, z: Tensor, value: Tensor, rows: slice, differentiate: bool) -> Tensor | None:
    """Fill `value` at these rows; the derivative with respect to the logits `z`."""
    compared, deviation = standardised(z) if term.standardise else (z, None)
    log_q = log_softmax(compared if term.temperature == 1.0 else compared / term.temperature)
    log_p, log_k = outcomes.teacher(term.temperature, term.standardise), outcomes.student(log_q)
    place = None if term.target is None else outcomes.place(term.target[rows])
    value[rows] = term.divergence(log_p, log_k, place)
    if not differentiate:
        return None
    grad = outcomes.to_logits(term.divergence.gradient(log_p, log_k, place), log_q)
    grad.mul_((term.weight[rows] * (term.scale / term.temperature))[:, None])
    return grad if deviation is None else _through_standardisation(grad, compared, deviation)


def _through_standardisation(grad: Tensor, standard: Tensor, deviation: Tensor) -> Tensor:
    """The derivative with respect to logits, from that with respect to their standard form s: (g - mean g - s mean(g s)) / deviation."""
    along = (grad * standard).mean(-1, keepdim=True)
    return grad.sub_(grad.mean(-1, keepdim=True)).addcmul_(standard, along, value=-1.0).div_(deviation)


class _Gradients:
    """The gradients that are wanted, summed up chunk by chunk: those of the head in float32 whatever its own type."""

    def __init__(self, wanted: Sequence[bool], hidden: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        self.wanted = any(wanted)
        self.hidden = torch.empty_like(hidden) if wanted[0] else None
        self.weight = torch.zeros_like(weight, dtype=torch.float32) if wanted[1] else None
        self.bias = torch.zeros_like(bias, dtype=torch.float32) if bias is not None and wanted[2] else None

    def add(self, grad: Tensor, hidden: Tensor, weight: Tensor, start: int) -> None:
        """What the logits' derivative at the rows from `start` says of hidden states, weight and bias."""
        if self.bias is not None:
            self.bias.add_(grad.sum(0))
        grad = grad.to(hidden.dtype)
        if self.hidden is not None:
            torch.mm(grad, weight.to(hidden.dtype), out=self.hidden[start : start + len(grad)])
        if self.weight is not None and hidden.dtype == torch.float32:
            self.weight.addmm_(grad.t(), hidden)
        elif self.weight is not None:
            self.weight.add_(grad.t() @ hidden)
