from __future__ import annotations

import torch
from transformers.cache_utils import DynamicLayer

from potstill.models.cache import GrowingLayer, growing_cache, keep_rows
from tests.models.small import small_network


def states(new, rows=3):
    return torch.randn(rows, 2, new, 4), torch.randn(rows, 2, new, 4)


def test_it_holds_what_the_librarys_layer_holds():
    growing, plain = GrowingLayer(), DynamicLayer()
    for new in (5, 1, 1, 200, 1):
        keys, values = states(new)
        for found, expected in zip(growing.update(keys, values), plain.update(keys, values), strict=True):
            assert torch.equal(found, expected)
    assert growing.get_seq_length() == plain.get_seq_length() == 208
    assert growing.get_mask_sizes(1) == plain.get_mask_sizes(1)


def test_rows_are_dropped_and_repeated():
    growing, plain = GrowingLayer(), DynamicLayer()
    for new, rows in ((4, [0, 2]), (1, [1, 1, 0]), (2, [2])):
        keys, values = states(new, rows=plain.keys.shape[0] if plain.is_initialized else 3)
        growing.update(keys, values)
        plain.update(keys, values)
        for layer in (growing, plain):
            layer.reorder_cache(torch.tensor(rows))
        assert torch.equal(growing.keys, plain.keys)
        assert torch.equal(growing.values, plain.values)


def test_old_views_are_not_written_over():
    layer = GrowingLayer()
    before, _ = layer.update(*states(3))
    kept = before.clone()
    layer.update(*states(1))
    assert torch.equal(before, kept)


def test_only_full_attention_layers_are_replaced():
    assert {type(layer) for layer in growing_cache(small_network(vocabulary=40)).layers} == {GrowingLayer}
    mixed = growing_cache(small_network("gemma2", 40, sliding_window=8))
    assert [type(layer).__name__ for layer in mixed.layers] == ["DynamicSlidingWindowLayer", "GrowingLayer"]


def test_keep_rows_reaches_every_layer():
    network = small_network(vocabulary=40)
    cache = growing_cache(network)
    with torch.no_grad():
        network.base_model(input_ids=torch.tensor([[1, 2], [3, 4], [5, 6]]), past_key_values=cache, use_cache=True)
    keep_rows(cache, torch.tensor([2]))
    assert [layer.keys.shape[0] for layer in cache.layers] == [1, 1]
