from __future__ import annotations

import pytest
import torch

from potstill.models import growing as module
from potstill.models.growing import CachedRows, RereadRows, growing
from potstill.models.scoring import body_and_head
from tests.models.small import small_network

PROMPTS = [(5, 6, 7), (9,), (8, 3, 2, 1, 6)]
TOKENS = torch.tensor([[11, 2, 30], [12, 7, 31], [13, 8, 32]])


@pytest.fixture(scope="module")
def head():
    return body_and_head(small_network(vocabulary=40))


def alone(head, ids):
    with torch.inference_mode():
        return head.hidden(torch.tensor([ids]))[0, -1]


@pytest.mark.parametrize("kind", [CachedRows, RereadRows])
@torch.inference_mode()
def test_rows_that_grow_are_what_each_is_alone(head, kind):
    rows = kind(head, PROMPTS)
    torch.testing.assert_close(rows.start(1), torch.stack([alone(head, ids) for ids in PROMPTS]))
    texts = [list(ids) for ids in PROMPTS]
    for column in TOKENS.T:
        texts = [[*text, int(token)] for text, token in zip(texts, column, strict=True)]
        torch.testing.assert_close(rows.grow(column), torch.stack([alone(head, ids) for ids in texts]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", [CachedRows, RereadRows])
@torch.inference_mode()
def test_copies_stand_together_and_rows_can_leave(head, kind):
    rows = kind(head, PROMPTS)
    states = rows.start(2)
    torch.testing.assert_close(states[0::2], states[1::2])
    rows.keep(torch.tensor([1, 4]))
    expected = torch.stack([alone(head, (5, 6, 7, 20)), alone(head, (8, 3, 2, 1, 6, 21))])
    torch.testing.assert_close(rows.grow(torch.tensor([20, 21])), expected, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_texts_are_read_anew_so_many_tokens_at_a_time(head, monkeypatch):
    monkeypatch.setattr(module, "READ_TOKENS", 10)
    rows = RereadRows(head, PROMPTS)
    torch.testing.assert_close(rows.start(1), torch.stack([alone(head, ids) for ids in PROMPTS]))


def test_networks_without_a_cache_of_keys_and_values_are_read_anew(head):
    assert isinstance(growing(head, PROMPTS), CachedRows)
    assert isinstance(growing(body_and_head(small_network("mamba", 40, num_hidden_layers=1)), PROMPTS), RereadRows)
