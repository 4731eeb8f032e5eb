from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.errors import ModelError
from potstill.models.base import Keep, Sampling
from potstill.models.generation import Ask, choose, generate
from potstill.models.scoring import body_and_head, score_ids
from potstill.signal.distribution import Distribution
from tests.models.small import SMALL_STATE, small_network


def ask(*ids, key=None):
    return Ask(ids, key or "-".join(map(str, ids)))


ASKS = [ask(5, 6, 7), ask(9), ask(8, 3, 2, 1, 4, 6), ask(11, 12), ask(30, 31, 32, 33), ask(7, 7)]


def run(head, asks, sampling, **given):
    return generate(head, asks, sampling, **{"keep": Keep(size=3), "end_ids": {4}, "context": 128, **given})


@pytest.fixture(scope="module")
def head():
    return body_and_head(small_network(vocabulary=40))


def test_choose_inverts_the_distribution():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]])).repeat(6, 1)
    uniform = torch.tensor([0.0, 0.49, 0.51, 0.79, 0.81, 0.999999])
    assert choose(Distribution.of(logits), uniform, 1.0, 1.0).tolist() == [0, 0, 1, 1, 2, 2]
    assert choose(Distribution.of(logits), uniform, 0.0, 1.0).tolist() == [0] * 6


def test_top_p_draws_among_the_fewest_that_reach_it():
    logits = torch.log(torch.tensor([[0.2, 0.5, 0.3]])).repeat(4, 1)
    uniform = torch.tensor([0.0, 0.6, 0.63, 0.999999])
    assert choose(Distribution.of(logits), uniform, 1.0, 0.8).tolist() == [1, 1, 2, 2]  # 0.5 and 0.3 renormalised: 0.625 and 0.375
    assert choose(Distribution.of(logits), uniform, 1.0, 0.5).tolist() == [1] * 4
    assert choose(Distribution.of(logits), uniform, 1.0, 1e-9).tolist() == [1] * 4


@given(st.floats(0, 0.9999999), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_impossible_tokens_are_never_drawn(uniform, seed):
    logits = torch.randn(1, 6, generator=torch.Generator().manual_seed(seed))
    logits[0, [0, 3, 5]] = -torch.inf
    assert choose(Distribution.of(logits), torch.tensor([uniform]), 1.0, 1.0).item() in {1, 2, 4}


def test_draws_have_the_distribution_of_the_network(head):
    many = [ask(5, 6, key=str(i)) for i in range(4000)]
    drawn = run(head, many, Sampling(max_new_tokens=1), keep=Keep(size=40), batch_size=1000)
    counts = np.bincount([one.token_ids[0] for (one,) in drawn], minlength=40)
    p = np.zeros(40)
    p[drawn[0][0].outlook.support_ids[0]] = np.exp(drawn[0][0].outlook.support_log_p[0])
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert np.abs(counts / 4000 - p).max() < 0.03


def test_greedy_is_what_transformers_generates(head):
    for one, (drawn,) in zip(ASKS, run(head, ASKS, Sampling(temperature=0.0, max_new_tokens=12), batch_size=4), strict=True):
        expected = head.network.generate(torch.tensor([one.token_ids]), do_sample=False, max_new_tokens=12, eos_token_id=4)
        assert list(drawn.token_ids) == expected[0, len(one.token_ids) :].tolist()


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "bloom", "qwen3", "falcon_h1"])
def test_other_families_generate_as_transformers_does(family):
    sizes = {
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
        "bloom": {"n_layer": 2, "n_head": 4},
        "falcon_h1": SMALL_STATE,
    }
    network = small_network(family, 40, **sizes.get(family, {}), **({"sliding_window": 8} if family == "gemma2" else {}))
    head = body_and_head(network)
    for one, (drawn,) in zip(ASKS, run(head, ASKS, Sampling(temperature=0.0, max_new_tokens=14), end_ids={39}), strict=True):
        alone = torch.tensor([one.token_ids])
        expected = network.generate(alone, do_sample=False, max_new_tokens=14, eos_token_id=39, attention_mask=torch.ones_like(alone))
        assert list(drawn.token_ids) == expected[0, len(one.token_ids) :].tolist()


RECURRENT = {
    "mamba": {"state_size": 4},
    "mamba2": {"state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 1},
    "rwkv": {"attention_hidden_size": 32},
    "recurrent_gemma": {"lru_width": 32, "attention_window_size": 16, "num_hidden_layers": 3},
    "qwen3_next": {"linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8},
    "llama4_text": {"num_local_experts": 2, "intermediate_size_mlp": 64, "attention_chunk_size": 8},
}


@pytest.mark.parametrize("family", RECURRENT)
def test_draws_of_networks_with_other_memories_have_the_networks_own_probabilities(family):
    network = small_network(family, 40, **RECURRENT[family])
    drawn = run(body_and_head(network), ASKS, Sampling(n=2, max_new_tokens=12), end_ids={39})
    for one, group in zip(ASKS, drawn, strict=True):
        for each in group:
            with torch.no_grad():
                whole = network(input_ids=torch.tensor([one.token_ids + each.token_ids]), use_cache=False).logits.log_softmax(-1)[0]
            expected = whole[len(one.token_ids) - 1 : -1].gather(-1, torch.tensor(each.token_ids)[:, None])[:, 0]
            np.testing.assert_allclose(each.outlook.log_p, expected.numpy(), atol=1e-4)


def test_no_pass_has_more_rows_than_asked_for_and_draws_do_not_depend_on_it(head, monkeypatch):
    sampling, sizes = Sampling(n=7, max_new_tokens=6, first=2), []
    whole = run(head, ASKS, sampling, batch_size=64)
    inner = type(head).hidden
    monkeypatch.setattr(type(head), "hidden", lambda self, ids, *rest: sizes.append(len(ids)) or inner(self, ids, *rest))
    for size in (1, 3, 7, 16):
        sizes.clear()
        assert tokens(run(head, ASKS, sampling, batch_size=size)) == tokens(whole)
        assert max(sizes) <= size


@pytest.mark.parametrize("sampling", [Sampling(temperature=0.0), Sampling(n=3), Sampling(n=2, temperature=0.7, top_p=0.9, seed=3)])
def test_draws_do_not_depend_on_the_batch(head, sampling):
    sampling = Sampling(sampling.n, sampling.temperature, sampling.top_p, 10, sampling.seed)
    whole = run(head, ASKS, sampling, batch_size=64)
    for size in (1, 4):
        assert tokens(run(head, ASKS, sampling, batch_size=size)) == tokens(whole)
    assert tokens(run(head, ASKS[::-1], sampling))[::-1] == tokens(whole)
    assert tokens(run(head, ASKS[2:3], sampling)) == tokens(whole)[2:3]


def tokens(drawn):
    return [[one.token_ids for one in group] for group in drawn]


def test_the_seed_and_the_draw_matter(head):
    first, other = (tokens(run(head, ASKS, Sampling(n=2, max_new_tokens=10, seed=seed))) for seed in (0, 1))
    assert first != other
    assert any(a != b for a, b in first)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_signals_are_raw_whatever_the_temperature(head, temperature):
    drawn = run(head, ASKS, Sampling(temperature=temperature, max_new_tokens=10))
    scored = score_ids(head, [one.token_ids + d.token_ids for one, (d,) in zip(ASKS, drawn, strict=True)], Keep(size=3))
    for one, (d,), whole in zip(ASKS, drawn, scored, strict=True):
        new = slice(len(one.token_ids) - 1, None)
        np.testing.assert_allclose(d.outlook.log_p, whole.log_p[new], atol=1e-5)
        np.testing.assert_allclose(d.outlook.support_log_p, whole.support_log_p[new], atol=1e-5)
        assert (d.outlook.support_ids == whole.support_ids[new]).all()
        assert d.outlook.support_ids.dtype == np.int32


def test_answers_stop_at_an_end_token_or_at_the_limit(head):
    ends = set(range(0, 40, 2))
    for (drawn,) in run(head, ASKS * 5, Sampling(max_new_tokens=6), end_ids=ends, batch_size=8):
        assert not ends.intersection(drawn.token_ids[:-1])
        assert drawn.finish_reason == ("stop" if drawn.token_ids[-1] in ends else "length")
        assert len(drawn.token_ids) <= 6
        assert len(drawn.token_ids) == 6 or drawn.finish_reason == "stop"
        assert len(drawn.outlook.log_p) == len(drawn.token_ids) == len(drawn.outlook.support_ids)


def test_the_context_ends_an_answer_and_refuses_a_long_prompt(head):
    ((drawn,),) = run(head, [ask(1, 2, 3)], Sampling(max_new_tokens=50), context=8, end_ids=set())
    assert (len(drawn.token_ids), drawn.finish_reason) == (5, "length")
    with pytest.raises(ModelError, match="prompt long has 8 tokens and the model's context holds 8"):
        run(head, [Ask(tuple(range(8)), "long")], Sampling(), context=8)
    with pytest.raises(ModelError, match="has no tokens"):
        run(head, [Ask((), "empty")], Sampling())


def test_without_prompts_or_outcomes(head):
    assert run(head, [], Sampling()) == []
    ((drawn,),) = run(head, [ask(1)], Sampling(max_new_tokens=2), keep=Keep(), end_ids=set())
    assert drawn.outlook.support_ids.shape == (2, 0)
    assert drawn.outlook.log_p.shape == (2,)


def test_training_mode_is_left_as_it_was():
    network = small_network(vocabulary=40).train()
    run(body_and_head(network), [ask(1)], Sampling(max_new_tokens=2))
    assert network.training
