"""Batches as a function of the step alone, so that a run interrupted anywhere goes on with the very batch it would have seen.

Sequences are packed into rows of equal length, with padding on the right. Positions start anew with each sequence: from that transformers
tells one from the next and makes the mask of each layer itself, with its sliding window where it has one. Whether a network keeps a row's
sequences apart so is found out by `potstill.fit.packing`; where it does not, each stands in a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Example:
    """One sequence to learn from.

    Attributes:
        input_ids: [T] token ids.
        loss_from: the first token that is a target (at least 1).
        weight: factor of each of its targets.
        support_ids, support_log_p: [T - loss_from, k] what the teacher expected at each target; None when it gave nothing.
        tail_mass: [T - loss_from] the mass of all other outcomes; None where it is what is missing from 1.
        hidden: [T - loss_from, H] its last hidden states there; None where they are not kept.
        codec: how the teacher's distribution was kept.
    """

    input_ids: np.ndarray
    loss_from: int
    weight: float = 1.0
    support_ids: np.ndarray | None = None
    support_log_p: np.ndarray | None = None
    tail_mass: np.ndarray | None = None
    hidden: np.ndarray | None = None
    codec: str = "top_k"

    def __len__(self) -> int:
        return len(self.input_ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """Packed rows, and the N places in them whose next token is a target.

    Attributes:
        input_ids, position_ids: [B, T].
        rows: [N] places in the flattened [B * T].
        target: [N] the token that follows each place.
        weight: [N] factor of each place.
        support_ids, support_log_p: [N, k] the teacher's stored distribution; None when there is none. Of several teachers k is the largest.
        tokens: how many tokens are not padding.
        tail_mass: [N] the mass of all other outcomes.
        hidden: [N, H] the teacher's stored hidden states; None when there are none.
        codec: how the distribution was kept, of all examples alike.
    """

    input_ids: Int[Tensor, "B T"]
    position_ids: Int[Tensor, "B T"]
    rows: Int[Tensor, " N"]
    target: Int[Tensor, " N"]
    weight: Float[Tensor, " N"]
    support_ids: Int[Tensor, "N k"] | None
    support_log_p: Float[Tensor, "N k"] | None
    tokens: int
    tail_mass: Float[Tensor, " N"] | None = None
    hidden: Float[Tensor, "N H"] | None = None
    codec: str = "top_k"

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        moved: dict[str, Any] = {name: v.to(device, non_blocking=True) if isinstance(v, Tensor) else v for name, v in fields.items()}
        return Batch(**moved)


@runtime_checkable
class BatchSource(Protocol):
    """Where the loop gets its batches."""

    def batch(self, step: int) -> Sequence[Batch]:
        """The micro-batches of one optimiser step, the same whenever asked."""
        ...


def pack(rows: Sequence[Sequence[Example]], length: int) -> Batch:
    """One batch of rows, each a list of examples that together are at most `length` long."""
    shape = (len(rows), min(length, max(sum(map(len, row)) for row in rows)))
    ids, positions = (np.zeros(shape, dtype=np.int64) for _ in range(2))
    places: list[np.ndarray] = []
    examples = [example for row in rows for example in row]
    for line, row in enumerate(rows):
        start = 0
        for example in row:
            end = start + len(example)
            ids[line, start:end] = example.input_ids
            positions[line, start:end] = np.arange(len(example))
            places.append(line * shape[1] + np.arange(start + example.loss_from - 1, end - 1))
            start = end
    flat = torch.from_numpy(np.concatenate(places))
    weight = np.concatenate([np.full(len(p), e.weight, dtype=np.float32) for p, e in zip(places, examples, strict=True)])
    return Batch(
        input_ids=torch.from_numpy(ids),
        position_ids=torch.from_numpy(positions),
        rows=flat,
        target=torch.from_numpy(ids).flatten()[flat + 1],
        weight=torch.from_numpy(weight),
        support_ids=_joined([e.support_ids for e in examples], np.int64, -1),
        support_log_p=_joined([e.support_log_p for e in examples], np.float32, -np.inf),
        tokens=sum(map(len, examples)),
        tail_mass=None if any(e.tail_mass is None for e in examples) else _tails(examples),
        hidden=_joined([e.hidden for e in examples], np.float32, 0),
        codec=examples[0].codec,
    )


def _joined(columns: Sequence[np.ndarray | None], dtype: type, empty: float) -> Tensor | None:
    """One after the other, narrower ones filled up with `empty`; None where one is missing."""
    given = [c for c in columns if c is not None]
    if len(given) < len(columns):
        return None
    width = max(c.shape[1] for c in given)
    filled = [c if c.shape[1] == width else np.pad(c, ((0, 0), (0, width - c.shape[1])), constant_values=empty) for c in given]
    return torch.from_numpy(np.concatenate(filled).astype(dtype))


def _tails(examples: Sequence[Example]) -> Float[Tensor, " N"]:
    return torch.from_numpy(np.concatenate([e.tail_mass for e in examples if e.tail_mass is not None]).astype(np.float32))


def fill_rows(lengths: Sequence[int], length: int) -> list[list[int]]:
    """Indices of sequences, first fit into rows of `length`: each goes into the first open row with room; the oldest of many closes."""
    open_rows: list[tuple[int, list[int]]] = []
    closed: list[list[int]] = []
    for index, size in enumerate(lengths):
        for place, (room, row) in enumerate(open_rows):
            if size <= room:
                row.append(index)
                open_rows[place] = (room - size, row)
                break
        else:
            open_rows.append((length - size, [index]))
        if len(open_rows) > 32:
            closed.append(open_rows.pop(0)[1])
    return closed + [row for _, row in open_rows]


@dataclass
class EpochBatches:
    """Batches from a fixed set of examples, shuffled anew each epoch by the seed.

    Args:
        examples: the set; none longer than `length`.
        length: of a row, in tokens.
        rows: rows a micro-batch.
        accumulate: micro-batches a step, over all processes.
        seed: of the order.
        packed: whether a row may hold several examples.
    """

    examples: Sequence[Example]
    length: int
    rows: int
    accumulate: int = 1
    seed: int = 0
    packed: bool = True
    _epoch: int = field(default=-1, init=False)
    _steps: range = field(default=range(0), init=False)
    _plan: list[list[int]] = field(default_factory=list, init=False)

    def batch(self, step: int) -> list[Batch]:
        """The micro-batches of a step; an epoch's last step may be smaller than the others."""
        if step < self._steps.start:
            self._epoch, self._steps = -1, range(0)
        while step >= self._steps.stop:
            self._plan_next_epoch()
        first = (step - self._steps.start) * self.rows * self.accumulate
        chosen = self._plan[first : first + self.rows * self.accumulate]
        micro = [chosen[i : i + self.rows] for i in range(0, len(chosen), self.rows)]
        return [pack([[self.examples[i] for i in row] for row in rows], self.length) for rows in micro]

    def steps_in(self, epochs: float) -> int:
        """How many steps so many epochs take, by the length of the first."""
        self.batch(0)
        return max(1, round(epochs * len(self._steps)))

    def _plan_next_epoch(self) -> None:
        """Which examples share a row, the rows in order, and the steps that they last."""
        self._epoch += 1
        order = np.random.default_rng([self.seed, self._epoch]).permutation(len(self.examples)).tolist()
        if self.packed:
            filled = fill_rows([len(self.examples[i]) for i in order], self.length)
            self._plan = [[order[j] for j in row] for row in filled]
        else:
            self._plan = [[i] for i in order]
        last = self._steps.stop
        self._steps = range(last, last - (-len(self._plan) // (self.rows * self.accumulate)))
