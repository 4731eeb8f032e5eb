"""A key-value cache that grows in place.

transformers' own dynamic cache copies all keys and values at every token; on a CPU that took 78% of the time of generating with a
small model.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

_ROOM = 64
"""Positions of room that are added at least when a layer is full."""


class GrowingLayer(DynamicLayer):
    """Keys and values of one layer in buffers with room to spare; `keys` and `values` are views of the filled part."""

    _buffers: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **given: Any) -> tuple[Tensor, Tensor]:
        """Append [rows, heads, new, width] and return all keys and values, [rows, heads, filled, width]."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        filled = self.get_seq_length()
        total = filled + key_states.shape[-2]
        if self._buffers is None or self._buffers[0].shape[-2] < total:
            capacity = total + max(_ROOM, total // 2)
            pairs = ((self.keys, key_states), (self.values, value_states))
            keys, values = (self._grown(old, states, filled, capacity) for old, states in pairs)
            self._buffers = (keys, values)
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, filled:total] = states
        self.keys, self.values = (buffer[:, :, :total] for buffer in self._buffers)
        return self.keys, self.values

    @staticmethod
    def _grown(old: Tensor | None, like: Tensor, filled: int, capacity: int) -> Tensor:
        buffer = like.new_empty(*like.shape[:2], capacity, like.shape[-1])
        if old is not None and filled:
            buffer[:, :, :filled] = old
        return buffer

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Keep the rows `beam_idx`, in that order; a row may be kept several times."""
        super().reorder_cache(beam_idx)
        self._buffers = None


def growing_cache(network: PreTrainedModel) -> DynamicCache:
    """An empty cache for the network: full-attention layers grow in place, all others (sliding, recurrent) are transformers' own."""
    cache = DynamicCache(config=network.config)
    for place, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer:
            cache.layers[place] = GrowingLayer()  # type: ignore[no-untyped-call]  # the library's initialiser has no annotations
    return cache


def keep_rows(cache: DynamicCache, rows: Tensor) -> None:
    """Keep the rows of the cache at the places `rows`, in that order; a row may be kept several times."""
    cache.reorder_cache(cast("torch.LongTensor", rows))
