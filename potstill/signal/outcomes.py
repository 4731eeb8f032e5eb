"""Signals: what is known of the teacher's distribution at N positions, as K outcomes that the student's distribution is reduced to.

    Point          the realised token only                   K = 1, p = 1
    Sparse         the top k tokens and the tail             K = k + 1
    Dense          every token                               K = vocabulary
    HiddenStates   every token, from the teacher's head      Dense, a chunk at a time

A signal hands itself out a few rows at a time, so that the whole batch's `[N, V]` never exists. `to_logits` carries a derivative with
respect to the K outcomes' log-probabilities back to the student's logits: with g_j = dD/dlog q_j and G = sum_j g_j,

    dD/dz_v = g_v - q_v G                        for a token that is an outcome of its own
    dD/dz_v = q_v g_tail / q_tail - q_v G        for a token inside the tail
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.signal.head import OutputHead

TAIL_FLOOR = 1e-12
"""Smallest probability of a teacher's tail: what is left of 1 where the top k hold all the mass is rounding."""
TINY = 1e-30
"""Smallest probability of a student's tail, which is summed up token by token; keeps its logarithm finite."""
FLAT = 1e-7
"""Smallest standard deviation of logits; below it they say nothing."""
LOG_FLOOR = -1e4
"""Log-probability that stands for an outcome a teacher does not have."""


def log_softmax(logits: Float[Tensor, "*N V"]) -> Float[Tensor, "*N V"]:
    """Log-probabilities (nats). torch's own sums a long row one after another on a CPU, and is 2e-5 nats off over 150,000 outcomes."""
    return logits - logits.logsumexp(-1, keepdim=True)


def standardised(logits: Float[Tensor, "*N V"]) -> tuple[Float[Tensor, "*N V"], Float[Tensor, "*N 1"]]:
    """Logits at mean 0 and standard deviation 1 over the vocabulary, and the deviation that they had (at least `FLAT`).

    Source: logit standardisation, arXiv 2403.01427.
    """
    centred = logits - logits.mean(-1, keepdim=True)
    deviation = centred.square().mean(-1, keepdim=True).sqrt_().clamp_min_(FLAT)
    return centred.div_(deviation), deviation


@runtime_checkable
class Signal(Protocol):
    """What a teacher says at N positions."""

    def chunks(self, size: int) -> Iterator[Outcomes]:
        """The signal `size` rows at a time, in order. A chunk holds until the next one is asked for: their memory may be the same."""
        ...


@runtime_checkable
class Outcomes(Signal, Protocol):
    """The teacher's distribution at n positions over K outcomes, and the student's over the same."""

    def teacher(self, temperature: float, standardise: bool = False) -> Float[Tensor, "n K"]:
        """log p over the outcomes, at `temperature`; of standardised logits where that is asked.

        Raises:
            ValueError: it cannot be had from what is known.
        """
        ...

    def student(self, log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n K"]:
        """log q over the outcomes, from log q over the vocabulary."""
        ...

    def place(self, token: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        """The outcome that each token id belongs to."""
        ...

    def to_logits(self, grad: Float[Tensor, "n K"], log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """The derivative with respect to the student's logits; may overwrite `log_q`."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """The realised token as the only outcome: forward KL to it is cross-entropy."""

    target: Int[Tensor, " N"]

    def chunks(self, size: int) -> Iterator[Point]:
        """As every signal."""
        return map(Point, self.target.split(size))

    def teacher(self, temperature: float, standardise: bool = False) -> Float[Tensor, "n 1"]:
        """log 1 = 0 for each row."""
        return torch.zeros(len(self.target), 1, device=self.target.device)

    def student(self, log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n 1"]:
        """log q of the realised token."""
        return log_q.gather(-1, self.target[:, None])

    def place(self, token: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        """The only one."""
        return torch.zeros_like(token)

    def to_logits(self, grad: Float[Tensor, "n 1"], log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """-g q, and +g at the realised token."""
        return log_q.exp_().mul_(grad.neg()).scatter_add_(-1, self.target[:, None], grad)


@dataclass(frozen=True, slots=True)
class Sparse:
    """The teacher's k likeliest tokens, and the rest of its mass as one more outcome.

    Args:
        ids: token ids, distinct within a row; places that are not filled hold -1.
        log_p: their log-probabilities at temperature 1; -inf where the id is -1.
        tail_mass: the rest of the mass, where it is known; None: what is missing from 1, which of rounded values says little where it is
            small.
    """

    ids: Int[Tensor, "N k"]
    log_p: Float[Tensor, "N k"]
    tail_mass: Float[Tensor, " N"] | None = None

    def chunks(self, size: int) -> Iterator[Sparse]:
        """As every signal."""
        tails = repeat(None) if self.tail_mass is None else self.tail_mass.split(size)
        return map(Sparse, self.ids.split(size), self.log_p.split(size), tails)

    def teacher(self, temperature: float, standardise: bool = False) -> Float[Tensor, "n K"]:
        """log p of the k tokens and of the tail. At a temperature other than 1 the tail is an estimate: `tail_at` tells how rough."""
        if standardise:
            raise ValueError("stored top-k log-probabilities are no logits: they cannot be standardised")
        log_top = self.log_p.float().clamp_min(LOG_FLOOR)
        missing = 1.0 - log_top.exp().sum(-1, keepdim=True)
        log_tail = (missing if self.tail_mass is None else self.tail_mass[:, None]).clamp_min(TAIL_FLOOR).log()
        if temperature == 1.0:
            return torch.cat((log_top, log_tail), -1)
        uneven = log_tail + (1.0 / temperature - 1.0) * self._last(log_top, log_tail)
        return log_softmax(torch.cat((log_top / temperature, uneven), -1)).clamp_min_(LOG_FLOOR)

    def tail_at(self, temperature: float, vocabulary: int) -> Float[Tensor, "n 2"]:
        """The least and the most of the mass that the tail can have at a temperature: k stored values do not tell how it is spread.

        A tail of mass m, of n tokens none of which is likelier than the last of the k, has the sum of p^(1/T) between that of its most
        uneven spread, m / p_k tokens of p_k, which `teacher` takes, and that of the even one, n tokens of m / n.

        Args:
            temperature: T.
            vocabulary: the teacher's tokens.
        """
        log_p, power = self.teacher(1.0), 1.0 / temperature
        log_top, log_tail = log_p[:, :-1], log_p[:, -1:]
        each = log_tail - math.log(max(1, vocabulary - self.ids.shape[1]))
        spreads = log_tail + (power - 1.0) * torch.cat((each, torch.maximum(each, self._last(log_top, log_tail))), -1)
        return (spreads - (power * log_top).logsumexp(-1, keepdim=True)).sigmoid().sort(-1).values

    def _last(self, log_top: Float[Tensor, "n k"], log_tail: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
        """log of the most that a token of the tail can have: the least of the k, and no more than the tail itself."""
        return torch.minimum(log_top.masked_fill(self.ids < 0, 0.0).amin(-1, keepdim=True), log_tail)

    def student(self, log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n K"]:
        """log q of the same k tokens and of all others together."""
        ids, log_q = self._places(log_q)
        tail = log_q.scatter(-1, ids, -torch.inf).exp().sum(-1, keepdim=True).clamp_min(TINY)
        return torch.cat((log_q.gather(-1, ids), tail.log()), -1)

    def place(self, token: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        """Its place among the k, else the tail."""
        kept = self.ids == token[:, None]
        return torch.where(kept.any(-1), kept.int().argmax(-1), self.ids.shape[1])

    def to_logits(self, grad: Float[Tensor, "n K"], log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """The rule at the head of this file, with the tail as the last outcome."""
        total, vocabulary = grad.sum(-1, keepdim=True), log_q.shape[-1]
        ids, log_q = self._places(log_q)
        q = log_q.exp_()
        q_top = q.gather(-1, ids)
        q_tail = q.scatter_(-1, ids, 0.0).sum(-1, keepdim=True).clamp_min_(TINY)
        return q.mul_(grad[:, -1:] / q_tail - total).scatter_(-1, ids, grad[:, :-1] - q_top * total)[:, :vocabulary]

    def _places(self, log_q: Float[Tensor, "n V"]) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n W"]]:
        """The ids and log q. Places that are not filled are of one more token, which has no probability and is the last."""
        empty = self.ids < 0
        if not empty.any():
            return self.ids, log_q
        return self.ids.masked_fill(empty, log_q.shape[-1]), torch.nn.functional.pad(log_q, (0, 1), value=LOG_FLOOR)


@dataclass(frozen=True, slots=True)
class Dense:
    """The teacher's whole distribution.

    Args:
        logits: the teacher's. A teacher with more tokens than the student (padding) is cut, one with fewer gets outcomes of no probability.
        vocabulary: the student's V.
    """

    logits: Float[Tensor, "N W"]
    vocabulary: int

    def chunks(self, size: int) -> Iterator[Dense]:
        """As every signal."""
        return (Dense(logits, self.vocabulary) for logits in self.logits.split(size))

    def teacher(self, temperature: float, standardise: bool = False) -> Float[Tensor, "n V"]:
        """log p over the vocabulary, at `temperature`."""
        logits = self.logits[:, : self.vocabulary].float()
        if standardise:
            logits, _ = standardised(logits)
        log_p = log_softmax(logits if temperature == 1.0 else logits / temperature).clamp_min_(LOG_FLOOR)
        missing = self.vocabulary - log_p.shape[-1]
        return torch.nn.functional.pad(log_p, (0, missing), value=LOG_FLOOR) if missing else log_p

    def student(self, log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """log q itself."""
        return log_q

    def place(self, token: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        """The id itself."""
        return token

    def to_logits(self, grad: Float[Tensor, "n V"], log_q: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """g - q G."""
        return log_q.exp_().mul_(-grad.sum(-1, keepdim=True)).add_(grad)


@dataclass(frozen=True, slots=True)
class HiddenStates:
    """The whole distribution of a teacher at hand: its logits exist a chunk at a time, all in the same memory.

    Args:
        hidden: the teacher's last hidden states.
        head: its output head.
        vocabulary: the student's V.
    """

    hidden: Float[Tensor, "N H"]
    head: OutputHead
    vocabulary: int

    def chunks(self, size: int) -> Iterator[Dense]:
        """As every signal."""
        memory = self.head.memory(min(size, len(self.hidden)))
        for hidden in self.hidden.split(size):
            with torch.no_grad():
                logits = self.head.logits(hidden, out=memory)
            yield Dense(logits, self.vocabulary)
