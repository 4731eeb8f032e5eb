from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from potstill.errors import ModelError
from potstill.models import scoring
from potstill.models.base import Keep
from potstill.models.scoring import body_and_head, length_batches, look, score_ids
from potstill.signal.codecs.sampled import Sampled
from potstill.signal.codecs.top_k import TopK
from potstill.signal.distribution import Distribution
from tests.models.small import SMALL_STATE, small_network

FAMILIES = {
    "llama": {},
    "qwen2": {},
    "qwen3": {},
    "mistral": {},
    "gemma2": {"final_logit_softcapping": 0.5},
    "gemma3_text": {},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "gpt_neox": {},
    "granite": {"logits_scaling": 8.0},
    "olmo2": {},
    "cohere": {"logit_scale": 0.0625},
    "hyperclovax": {"logits_scaling": 3.0},
    "phi": {},
    "bloom": {"n_layer": 2, "n_head": 4},
    "falcon_h1": {"lm_head_multiplier": 0.3, **SMALL_STATE},
    "llama4_text": {"num_local_experts": 2, "intermediate_size_mlp": 64},
    "recurrent_gemma": {"lru_width": 32, "logits_soft_cap": 0.5, "num_hidden_layers": 3},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_body_and_head_are_the_network(family):
    network = small_network(family, vocabulary=40, **FAMILIES[family])
    head = body_and_head(network)
    ids = torch.tensor([[3, 9, 27, 5, 1, 0, 39]])
    with torch.no_grad():
        torch.testing.assert_close(head.logits(head.hidden(ids)), network(input_ids=ids).logits, atol=1e-5, rtol=1e-4)


def test_transforms_are_read_from_the_config():
    assert body_and_head(small_network("granite", 40, logits_scaling=8.0)).scale == 1 / 8
    assert body_and_head(small_network("hyperclovax", 40, logits_scaling=8.0)).scale == 8
    assert body_and_head(small_network("gemma2", 40, final_logit_softcapping=0.5)).softcap == 0.5
    assert body_and_head(small_network("phi", 40)).bias is not None
    plain = body_and_head(small_network("llama", 40))
    assert (plain.scale, plain.softcap, plain.bias) == (1.0, None, None)


@pytest.mark.parametrize("scale", [0.1, 1.0])
@pytest.mark.parametrize("family", ["llama", "gpt_neox", "falcon_h1", "mamba", "rwkv", "recurrent_gemma"])
def test_whether_a_network_goes_on_from_a_cache_is_found_out(family, scale):
    settings = {
        "recurrent_gemma": {"lru_width": 32, "num_hidden_layers": 3},
        "falcon_h1": SMALL_STATE,
        "rwkv": {"attention_hidden_size": 32},
    }
    network = small_network(family, 40, **settings.get(family, {}), initializer_range=0.3 * scale)
    assert body_and_head(network).continues == (family in {"llama", "gpt_neox", "falcon_h1"})


def test_a_body_that_is_not_apart_from_its_head_is_refused():
    network = small_network("llama4_text", 40, num_local_experts=2, intermediate_size_mlp=64)
    head = network.get_output_embeddings()
    network.get_output_embeddings = lambda: head
    del network.model
    with pytest.raises(ModelError, match="body cannot be told from its head"):
        body_and_head(network)


def test_the_head_shares_the_networks_parameters():
    network = small_network(vocabulary=40)
    assert body_and_head(network).weight is network.get_output_embeddings().weight


def test_an_unknown_step_behind_the_head_is_refused():
    network = small_network(vocabulary=40)
    network.lm_head.register_forward_hook(lambda module, given, logits: logits**3)
    with pytest.raises(ModelError, match="do not reproduce the model's logits"):
        body_and_head(network)


def test_training_mode_is_left_as_it_was():
    network = small_network(vocabulary=40, attention_dropout=0.5).train()
    body_and_head(network)
    assert network.training
    score_ids(body_and_head(network), [[1, 2, 3]])
    assert network.training


def test_a_look_by_hand():
    logits = torch.tensor([[math.log(1), math.log(2), math.log(5)]])  # probabilities 1/8, 2/8, 5/8
    seen = look(Distribution.of(logits), torch.tensor([1]), torch.zeros(1, 4), TopK(2), torch.zeros(1, 0))
    assert seen.log_p.tolist() == pytest.approx([math.log(2 / 8)])
    assert seen.rank.tolist() == [2]
    assert seen.support.ids.tolist() == [[2, 1]]
    assert seen.support.log_p.tolist() == [pytest.approx([math.log(5 / 8), math.log(2 / 8)])]
    assert seen.support.tail_mass.tolist() == pytest.approx([1 / 8])


def test_scores_are_the_log_softmax_of_the_whole():
    network = small_network(vocabulary=40)
    rows = [[1, 5, 9, 13], [2, 4], [7], [3, 3, 3, 3, 3, 3, 3]]
    scored = score_ids(body_and_head(network), rows, Keep(size=4), batch_tokens=10, chunk_bytes=3 * 40 * 4)
    for row, found in zip(rows, scored, strict=True):
        with torch.no_grad():
            whole = network(input_ids=torch.tensor([row])).logits[0, :-1].log_softmax(-1)
        assert found.log_p.dtype == np.float32
        assert found.support_ids.dtype == np.int32
        np.testing.assert_allclose(found.log_p, whole[range(len(row) - 1), row[1:]].numpy(), atol=1e-5)
        np.testing.assert_allclose(found.support_log_p, whole.topk(4).values.numpy(), atol=1e-5)
        assert (found.support_ids == whole.topk(4).indices.numpy()).all()


def test_logits_of_all_tokens_never_stand_together(monkeypatch):
    network = small_network(vocabulary=40)
    head = body_and_head(network)
    sizes = []
    whole = scoring.look
    monkeypatch.setattr(scoring, "look", lambda seen, *rest: sizes.append(seen.logits.shape) or whole(seen, *rest))
    score_ids(head, [[1] * 30, [2] * 30], Keep(size=2), chunk_bytes=16 * 40 * 4)
    assert max(rows for rows, _ in sizes) == 16
    assert sum(rows for rows, _ in sizes) == 58


def test_no_outcomes_and_no_rows():
    head = body_and_head(small_network(vocabulary=40))
    assert score_ids(head, [], Keep(size=3)) == []
    (found,) = score_ids(head, [[1, 2, 3]])
    assert found.support_ids.shape == (2, 0)
    (alone,) = score_ids(head, [[1]], Keep(size=3))
    assert alone.log_p.shape == (0,)
    assert alone.support_ids.shape == (0, 3)


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 120))
@settings(max_examples=50, deadline=None)
def test_batches_hold_every_row_once_and_stay_small(lengths, batch_tokens):
    batches = list(length_batches(lengths, batch_tokens))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= batch_tokens


def test_bfloat16_is_scored_in_float32():
    network = small_network(vocabulary=40).to(torch.bfloat16)
    (found,) = score_ids(body_and_head(network), [[1, 2, 3]])
    assert found.log_p.dtype == np.float32
    assert (np.exp(found.support_log_p).sum(1) <= 1 + 1e-3).all()


def test_a_model_without_a_head_is_refused():
    network = small_network(vocabulary=40)
    network.lm_head = nn.Identity()
    network.get_output_embeddings = lambda: None
    with pytest.raises(ModelError, match="no language-model head"):
        body_and_head(network)


@pytest.mark.parametrize("codec", [TopK(4), Sampled(4)])
def test_ranks_are_counted_over_the_whole_vocabulary(codec):
    logits = 3 * torch.randn(30, 700, generator=torch.Generator().manual_seed(0))
    best, other = logits.argmax(-1), torch.arange(30)
    for target in (best, logits.topk(6, -1).indices[:, 5], other, torch.where(other < 9, other, best)):
        seen = look(Distribution.of(logits), target, torch.zeros(30, 1), codec, torch.full((30, codec.uniforms()), 0.5).double())
        order = logits.argsort(-1, descending=True)
        assert torch.equal(seen.rank.long() - 1, (order == target[:, None]).int().argmax(-1))


def test_where_nothing_is_kept_ranks_are_not_known():
    seen = look(Distribution.of(torch.zeros(1, 3)), torch.tensor([1]), torch.zeros(1, 4), TopK(0), torch.zeros(1, 0))
    assert (seen.rank.tolist(), seen.log_p.tolist()) == ([0], pytest.approx([-math.log(3)]))
