from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from potstill.fit import Example, pack
from potstill.fit.packing import keeps_apart
from potstill.models.scoring import body_and_head
from tests.models.small import SMALL_STATE, small_network

APART: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "mistral": {"sliding_window": 4},
    "gemma2": {"sliding_window": 4},
}
MIXING: dict[str, dict[str, Any]] = {
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "falcon_h1": SMALL_STATE,
    "mamba": {"state_size": 4},
    "rwkv": {"attention_hidden_size": 32},
    "bloom": {"n_layer": 2, "n_head": 4},
    "llama4_text": {"num_local_experts": 2, "intermediate_size_mlp": 64, "attention_chunk_size": 8},
}


@pytest.mark.parametrize("family", APART)
def test_a_network_that_keeps_sequences_apart_sees_each_as_alone(family: str) -> None:
    head = body_and_head(small_network(family, 40, **APART[family]))
    assert keeps_apart(head)
    rows = [[Example(np.arange(3, 15), 1), Example(np.arange(12, 32), 1)], [Example(np.arange(20, 37), 1)]]
    batch = pack(rows, 40)
    with torch.no_grad():
        packed = head.hidden(batch.input_ids, position_ids=batch.position_ids)
        alone = [head.hidden(torch.from_numpy(one.input_ids)[None])[0] for row in rows for one in row]
    torch.testing.assert_close(packed[0], torch.cat(alone[:2]), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(packed[1, :17], alone[2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("scale", [0.02, 0.3])
@pytest.mark.parametrize("family", MIXING)
def test_a_network_that_mixes_them_is_found_out_even_with_fresh_weights(family: str, scale: float) -> None:
    assert not keeps_apart(body_and_head(small_network(family, 40, **MIXING[family], initializer_range=scale)))


def test_training_mode_is_left_as_it_was() -> None:
    network = small_network(vocabulary=40, attention_dropout=0.5).train()
    assert keeps_apart(body_and_head(network))
    assert network.training


def test_half_precision_keeps_apart_too() -> None:
    assert keeps_apart(body_and_head(small_network("mistral", 40, sliding_window=4).to(torch.bfloat16)))
