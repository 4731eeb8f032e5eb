from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.fit import Batch, EpochBatches, Example, pack
from potstill.fit.batches import fill_rows
from potstill.models.scoring import body_and_head
from tests.fit import small


def test_targets_rows_and_weights_by_hand() -> None:
    first, second, third = Example(np.array([5, 6, 7]), 1), Example(np.array([8, 9]), 1, weight=2.0), Example(np.array([1, 2, 3, 4]), 3)
    batch = pack([[first, second], [third]], length=6)
    assert batch.input_ids.tolist() == [[5, 6, 7, 8, 9], [1, 2, 3, 4, 0]]
    assert batch.position_ids.tolist() == [[0, 1, 2, 0, 1], [0, 1, 2, 3, 0]]
    assert batch.rows.tolist() == [0, 1, 3, 7]
    assert batch.target.tolist() == [6, 7, 9, 4]
    assert batch.weight.tolist() == [1.0, 1.0, 2.0, 1.0]
    assert batch.tokens == 9
    assert batch.support_ids is None


def test_the_teachers_distributions_stand_beside_their_targets() -> None:
    chosen = small.examples(3)
    batch = pack([[chosen[0]], [chosen[1]], [chosen[2]]], small.LENGTH)
    assert batch.support_ids is not None
    assert batch.support_log_p is not None
    assert batch.support_ids.tolist() == np.concatenate([e.support_ids for e in chosen if e.support_ids is not None]).tolist()
    assert batch.support_log_p.shape == (len(batch.rows), small.TOP)


def test_one_example_without_a_distribution_leaves_the_batch_without() -> None:
    with_top = small.examples(1)[0]
    assert pack([[with_top], [Example(with_top.input_ids, 1)]], small.LENGTH).support_ids is None


def test_packed_sequences_do_not_see_each_other() -> None:
    network, chosen = small.network().eval(), small.examples(6)
    head = body_and_head(network)
    plan = fill_rows([len(e) for e in chosen], 2 * small.LENGTH)
    assert any(len(row) > 1 for row in plan)
    batch = pack([[chosen[i] for i in row] for row in plan], 2 * small.LENGTH)
    with torch.no_grad():
        hidden = head.hidden(batch.input_ids, position_ids=batch.position_ids).flatten(0, 1)
        packed = head.logits(hidden[batch.rows])
        alone = [network(torch.from_numpy(chosen[i].input_ids)[None]).logits[0, chosen[i].loss_from - 1 : -1] for row in plan for i in row]
    assert torch.allclose(packed, torch.cat(alone), atol=1e-5)


def test_rows_of_one_sequence_are_what_each_is_alone() -> None:
    chosen = small.examples(3)
    network = small.network().eval()
    batch = pack([[e] for e in chosen], small.LENGTH)
    head = body_and_head(network)
    with torch.no_grad():
        padded = head.logits(head.hidden(batch.input_ids, position_ids=batch.position_ids).flatten(0, 1)[batch.rows])
        alone = [network(torch.from_numpy(e.input_ids)[None]).logits[0, e.loss_from - 1 : -1] for e in chosen]
    assert torch.allclose(padded, torch.cat(alone), atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 20), max_size=120))
def test_rows_are_filled_with_each_once_and_never_too_full(lengths: list[int]) -> None:
    rows = fill_rows(lengths, 20)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 20 for row in rows)


def identity(batch: Batch) -> list[object]:
    return [value.tolist() if isinstance(value, torch.Tensor) else value for value in (getattr(batch, name) for name in batch.__slots__)]


@pytest.mark.parametrize("packed", [True, False])
def test_a_step_is_the_same_whenever_it_is_asked_for(packed: bool) -> None:
    forward = small.source(packed=packed, accumulate=2)
    steps = {step: [identity(b) for b in forward.batch(step)] for step in range(14)}
    wild = small.source(packed=packed, accumulate=2)
    for step in (13, 0, 7, 6, 13, 1):
        assert [identity(b) for b in wild.batch(step)] == steps[step]


def test_another_seed_is_another_order() -> None:
    assert identity(small.source().batch(0)[0]) != identity(small.source(seed=2).batch(0)[0])


@pytest.mark.parametrize("packed", [True, False])
def test_an_epoch_holds_every_example_once(packed: bool) -> None:
    numbered = [Example(np.array([number, 36, 36, 36][: 2 + number % 3]), 1) for number in range(30)]
    source = EpochBatches(numbered, length=9, rows=2, accumulate=2, packed=packed)
    steps = source.steps_in(1.0)
    for epoch in range(3):
        seen: Counter[int] = Counter()
        for step in range(epoch * steps, (epoch + 1) * steps):
            batches = source.batch(step)
            assert 1 <= len(batches) <= 2
            seen.update(int(t) for b in batches for t in b.input_ids[b.position_ids == 0].tolist() if t not in (36, 0))
        assert seen == Counter(range(1, 30)), "each once (number 0 looks like padding)"


def test_a_batch_moves_whole() -> None:
    batch = small.source().batch(0)[0]
    assert identity(batch.to("cpu")) == identity(batch)


def test_narrower_supports_are_filled_up_and_hidden_states_stand_beside() -> None:
    def example(k: int, width: int) -> Example:
        kept = {"support_ids": np.zeros((2, k), np.int32), "support_log_p": np.zeros((2, k), np.float32)}
        return Example(np.arange(3), 1, **kept, hidden=np.ones((2, width), np.float32), codec="sampled")

    batch = pack([[example(1, 4), example(3, 4)]], 8)
    assert batch.support_ids is not None
    assert batch.support_ids.tolist() == [[0, -1, -1]] * 2 + [[0, 0, 0]] * 2
    assert batch.support_log_p is not None
    assert batch.support_log_p.tolist() == [[0, -np.inf, -np.inf]] * 2 + [[0, 0, 0]] * 2
    assert batch.hidden is not None
    assert (batch.hidden.shape, batch.codec) == ((4, 4), "sampled")
