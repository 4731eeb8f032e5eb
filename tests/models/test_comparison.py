from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from potstill.models.comparison import MEASURES, Reader, compare
from potstill.models.scoring import Head, body_and_head
from potstill.text.chat import Rendered


def tiny(seed: int, vocabulary: int = 11) -> Head:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, initializer_range=0.5
    )
    return body_and_head(LlamaForCausalLM(config))


ROWS = [Rendered((1, 2, 3, 4), 1), Rendered((5, 6), 1), Rendered((7, 8, 9, 10, 2, 3), 4), Rendered((1, 2), 2)]


@torch.no_grad()
def by_hand(p: Head, q: Head, row: Rendered) -> list[list[float]]:
    """The measures in float64, one token at a time, from the whole networks."""
    found = []
    for t in range(row.loss_from, len(row.input_ids)):
        ids = torch.tensor([row.input_ids[:t]])
        a, b = (torch.softmax(head.network(ids).logits[0, -1, :11].double(), -1).tolist() for head in (p, q))
        m = [(x + y) / 2 for x, y in zip(a, b, strict=True)]

        def kl(x: list[float], y: list[float]) -> float:
            return sum(u * math.log(u / v) for u, v in zip(x, y, strict=True))

        found.append([kl(a, b), kl(b, a), (kl(a, m) + kl(b, m)) / 2, float(a.index(max(a)) == b.index(max(b)))])
    return found


def test_gaps_are_those_worked_out_token_by_token() -> None:
    p, q, r = tiny(0), tiny(1), tiny(2)
    ours = compare(Reader(p, ROWS), [Reader(q, ROWS), Reader(r, ROWS)], batch_tokens=8)
    for other, gaps in zip((q, r), ours, strict=True):
        for row, gap in zip(ROWS, gaps, strict=True):
            np.testing.assert_allclose(gap, np.array(by_hand(p, other, row)).reshape(-1, 4), rtol=1e-5, atol=1e-5)


def test_chunks_and_batches_change_nothing() -> None:
    p, q = tiny(0), tiny(1)
    whole = compare(Reader(p, ROWS), [Reader(q, ROWS)])[0]
    for options in ({"batch_tokens": 1}, {"chunk_bytes": 1}):
        for a, b in zip(whole, compare(Reader(p, ROWS), [Reader(q, ROWS)], **options)[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_network_is_at_no_distance_from_itself() -> None:
    p = tiny(0)
    gaps = np.concatenate(compare(Reader(p, ROWS), [Reader(p, ROWS)])[0])
    np.testing.assert_allclose(gaps, np.tile([0, 0, 0, 1], (len(gaps), 1)), rtol=1e-5, atol=1e-5)
    assert gaps.shape == (6, len(MEASURES))


def test_padding_of_the_larger_vocabulary_is_cut_off() -> None:
    p, larger = tiny(0), tiny(1, 16)
    gap = compare(Reader(p, ROWS), [Reader(larger, ROWS)])[0][0]
    np.testing.assert_allclose(gap, by_hand(p, larger, ROWS[0]), rtol=1e-5, atol=1e-5)


def test_contexts_may_differ_and_targets_may_not() -> None:
    p, q = tiny(0), tiny(1)
    behind = [Rendered((3, *row.input_ids), row.loss_from + 1) for row in ROWS]
    assert [len(gap) for gap in compare(Reader(p, ROWS), [Reader(q, behind)])[0]] == [3, 1, 2, 0]
    with pytest.raises(ValueError, match="same targets"):
        compare(Reader(p, ROWS), [Reader(q, ROWS[::-1])])


def test_no_texts_have_no_gaps() -> None:
    assert compare(Reader(tiny(0), []), [Reader(tiny(1), [])]) == [[]]
