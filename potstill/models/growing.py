"""Texts that grow by a token at a time, and the hidden state at the last token of each.

A network that goes on from a cache of keys and values reads each token once. Any other (Mamba, RWKV, RecurrentGemma) reads every text anew
at each token: slower, and as right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.models.cache import growing_cache, keep_rows
from potstill.models.scoring import Head

READ_TOKENS = 8192
"""Padded tokens a forward pass of texts that are read anew."""


class Growing(Protocol):
    """Rows of text that grow together."""

    def start(self, copies: int) -> Float[Tensor, "N H"]:
        """The hidden states at the prompts' last tokens, each prompt as so many rows, one after the other."""
        ...

    def keep(self, rows: Int[Tensor, " n"]) -> None:
        """Keep the rows at these places, in that order."""
        ...

    def grow(self, chosen: Int[Tensor, " N"]) -> Float[Tensor, "N H"]:
        """One token more for each row; the hidden states there."""
        ...


def growing(head: Head, prompts: Sequence[Sequence[int]]) -> Growing:
    """The prompts, as the network can read on from them.

    Args:
        head: the network.
        prompts: token ids, each at least one long.
    """
    return CachedRows(head, prompts) if head.continues else RereadRows(head, prompts)


class CachedRows:
    """Rows whose past is in a cache: prompts are padded on the left, and every token is read once."""

    def __init__(self, head: Head, prompts: Sequence[Sequence[int]]) -> None:
        self.head, self.cache = head, growing_cache(head.network)
        ids, self.mask = _padded(prompts, left=True, device=head.weight.device)
        self.ids = ids

    def start(self, copies: int) -> Float[Tensor, "N H"]:
        """As `Growing.start`: the prompts go through the network once, whatever the copies."""
        states = self.head.hidden(self.ids, self.mask, (self.mask.cumsum(1) - 1).clamp_min(0), self.cache)[:, -1]
        if copies == 1:
            return states
        rows = torch.arange(len(states), device=states.device).repeat_interleave(copies)
        self.keep(rows)
        return states[rows]

    def keep(self, rows: Int[Tensor, " n"]) -> None:
        """As `Growing.keep`."""
        keep_rows(self.cache, rows)
        self.mask = self.mask[rows]

    def grow(self, chosen: Int[Tensor, " N"]) -> Float[Tensor, "N H"]:
        """As `Growing.grow`."""
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(self.mask), 1)], dim=1)
        return self.head.hidden(chosen[:, None], self.mask, self.mask.sum(1, keepdim=True) - 1, self.cache)[:, -1]


class RereadRows:
    """Rows that are read anew at each token, padded on the right, which a causal network cannot see."""

    def __init__(self, head: Head, prompts: Sequence[Sequence[int]]) -> None:
        self.head = head
        self.ids, mask = _padded(prompts, left=False, device=head.weight.device)
        self.lengths = mask.sum(1)

    def start(self, copies: int) -> Float[Tensor, "N H"]:
        """As `Growing.start`."""
        states = self._read()
        rows = torch.arange(len(states), device=states.device).repeat_interleave(copies)
        self.keep(rows)
        return states[rows]

    def keep(self, rows: Int[Tensor, " n"]) -> None:
        """As `Growing.keep`."""
        self.ids, self.lengths = self.ids[rows], self.lengths[rows]

    def grow(self, chosen: Int[Tensor, " N"]) -> Float[Tensor, "N H"]:
        """As `Growing.grow`."""
        self.ids = torch.cat([self.ids, self.ids.new_zeros(len(self.ids), 1)], dim=1)
        self.ids.scatter_(1, self.lengths[:, None], chosen[:, None])
        self.lengths = self.lengths + 1
        return self._read()

    def _read(self) -> Float[Tensor, "N H"]:
        size = max(1, READ_TOKENS // self.ids.shape[1])
        parts = zip(self.ids.split(size), self.lengths.split(size), strict=True)
        return torch.cat([self.head.hidden(ids)[torch.arange(len(ids), device=ids.device), lengths - 1] for ids, lengths in parts])


def _padded(rows: Sequence[Sequence[int]], *, left: bool, device: torch.device) -> tuple[Int[Tensor, "N T"], Int[Tensor, "N T"]]:
    """Token ids and a mask that is 1 at them, padded on one side."""
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for line, mark, row in zip(ids, mask, rows, strict=True):
        place = slice(len(line) - len(row), None) if left else slice(len(row))
        line[place] = torch.tensor(row)
        mark[place] = 1
    return ids.to(device), mask.to(device)
