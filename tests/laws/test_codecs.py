"""What holds for every codec that is registered, here and in other packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from potstill.errors import StoreError
from potstill.models.base import Outlook
from potstill.models.rounding import P_ERROR
from potstill.models.scorings import Scoring, from_table, to_table
from potstill.registry import names
from potstill.signal.codecs.base import Codec, Support, open_codec
from potstill.signal.distribution import Distribution
from potstill.signal.divergences.reverse_kl import ReverseKL
from potstill.signal.head import OutputHead
from potstill.store.tables import read, write

NAMES = names("codec")
VOCABULARY, WIDTH, ROWS, SIZE = 300, 24, 40, 12


def _teacher() -> tuple[torch.Tensor, OutputHead]:
    """Hidden states and a head, whose distributions are peaked as a language model's are."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(VOCABULARY, WIDTH, generator=generator)
    return torch.randn(ROWS, WIDTH, generator=generator) * 0.7, OutputHead(weight)


def _encode(codec: Codec, hidden: torch.Tensor, head: OutputHead, seed: int = 0) -> Support:
    logits = head.logits(hidden)
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(len(hidden), codec.uniforms(), generator=generator, dtype=torch.float64)
    return codec.encode(Distribution.of(logits), hidden, uniform)


def _stored(name: str, support: Support, path: Path) -> Support:
    """The support after a way through a file."""
    hidden = np.zeros((0, 0), np.float32) if support.hidden is None else support.hidden.numpy()
    kept = (support.ids.numpy().astype(np.int32), support.log_p.numpy(), support.tail_mass.numpy(), hidden)
    steps = len(support.tail_mass)
    seen = Outlook(np.zeros(steps, np.float32), np.zeros(steps, np.int32), *kept, codec=name)
    write(path, to_table([Scoring("a", "t", "sampled", seen)]))
    (back,) = from_table(read(path))
    states = torch.from_numpy(back.outlook.hidden.copy()) if back.outlook.hidden.size else None
    ids, log_p, tail = (torch.from_numpy(c.copy()) for c in (back.outlook.support_ids, back.outlook.support_log_p, back.outlook.tail_mass))
    return Support(ids.long(), log_p, tail, states)


def _probabilities(codec: Codec, support: Support, head: OutputHead, exact: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What comes back, and the exact probabilities of the same outcomes, the tail included where there is one."""
    (outcomes,) = codec.decode(support, head, VOCABULARY).chunks(len(exact))
    return outcomes.teacher(1.0).double().exp(), outcomes.student(exact.log()).double().exp()


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_back_is_within_the_stated_error(name: str, tmp_path: Path) -> None:
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    if codec.max_error is None:
        pytest.skip("its probabilities are right on average")
    exact = torch.softmax(head.logits(hidden).double(), -1)
    back, expected = _probabilities(codec, _stored(name, _encode(codec, hidden, head), tmp_path / "t"), head, exact)
    tail = back.shape[-1] == SIZE + 1
    assert (back - expected)[:, : SIZE if tail else None].abs().max() <= codec.max_error
    assert (back - expected).abs().max() <= codec.max_error


@pytest.mark.parametrize("name", NAMES)
def test_mass_sums_to_one(name: str, tmp_path: Path) -> None:
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    support = _stored(name, _encode(codec, hidden, head), tmp_path / "t")
    back, _ = _probabilities(codec, support, head, torch.softmax(head.logits(hidden).double(), -1))
    assert (back.sum(-1) - 1).abs().max() <= (SIZE + 1) * P_ERROR


def test_a_coarser_kl_is_no_larger_than_the_dense_one(tmp_path: Path) -> None:
    """Stored and read back, a small tail too: reverse KL, which weighs what the teacher hardly expects, shows a tail that is lost."""
    codec, (hidden, head) = open_codec("top_k", 100), _teacher()
    logits = 6 * head.logits(hidden)
    norm = logits.logsumexp(-1, keepdim=True)
    support = _stored("top_k", codec.encode(Distribution.of(logits), hidden, torch.zeros(len(logits), 0)), tmp_path / "t")
    spread = (0.99 * (logits - norm).exp() + 0.01 / logits.shape[-1]).log()
    dense = ReverseKL()(logits - norm, spread)
    signal = codec.decode(support, None, logits.shape[-1])
    coarse = ReverseKL()(signal.teacher(1.0), signal.student(spread))
    assert (support.tail_mass > 0).all()
    assert (support.tail_mass < 1e-3).any()
    assert (coarse <= dense * 1.04 + 1e-3).all()


@pytest.mark.parametrize("size", [20, 64])
def test_equal_outcomes_sum_to_one_within_what_is_stated(size: int, tmp_path: Path) -> None:
    codec, logits = open_codec("top_k", size), torch.zeros(4, 2 * size)
    kept = codec.encode(Distribution.of(logits), torch.zeros(4, 1), torch.zeros(4, 0))
    support = _stored("top_k", kept, tmp_path / "t")
    assert (support.log_p.double().exp().sum(-1) + support.tail_mass - 1).abs().max() <= (size + 1) * P_ERROR


@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_unbiased(name: str) -> None:
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    if codec.max_error is not None:
        pytest.skip("it estimates nothing")
    draws, row = 4000, hidden[:1].expand(4000, -1)
    exact = torch.softmax(head.logits(hidden[:1]).double(), -1)[0]
    support = _encode(codec, row, head, seed=1)
    shares = support.log_p.double().exp()
    mean = torch.zeros(VOCABULARY, dtype=torch.float64).index_add_(0, support.ids.clamp_min(0).flatten(), shares.flatten()) / draws
    deviation = (exact * (1 - exact) / (SIZE * draws)).sqrt()
    assert ((mean - exact).abs() <= 4.5 * deviation + 1e-6).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_row_does_not_depend_on_the_batch(name: str) -> None:
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    uniform = torch.rand(ROWS, codec.uniforms(), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    logits = head.logits(hidden)
    whole, part = (codec.encode(Distribution.of(logits[rows]), hidden[rows], uniform[rows]) for rows in (slice(None), slice(5, 9)))
    assert torch.equal(whole.ids[5:9], part.ids)
    assert torch.allclose(whole.log_p[5:9], part.log_p)


@pytest.mark.parametrize("name", NAMES)
def test_places_that_are_not_filled_stand_at_the_end_and_hold_nothing(name: str) -> None:
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    support = _encode(codec, hidden, head)
    empty = support.ids < 0
    assert support.ids.shape == (ROWS, codec.width(VOCABULARY))
    assert torch.equal(empty, support.log_p == -torch.inf)
    assert not (empty[:, :-1] & ~empty[:, 1:]).any()
    assert all(len(set(row)) == len(row) for row in ([i for i in ids if i >= 0] for ids in support.ids.tolist()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damaged_files_are_found(name: str, damage: str, tmp_path: Path) -> None:
    """Wherever the columns' bytes are damaged; the footer is held by the artifact's hash alone."""
    codec, (hidden, head) = open_codec(name, SIZE), _teacher()
    path = tmp_path / "t"
    _stored(name, _encode(codec, hidden, head), path)
    group = pq.read_metadata(path).row_group(0)
    data, column = path.read_bytes(), max(map(group.column, range(group.num_columns)), key=lambda each: each.total_compressed_size)
    size = column.total_compressed_size
    end = column.data_page_offset + size
    for place in range(end - size * 3 // 4, end, max(1, size // 40)):
        rest = b"" if damage == "truncated" else bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        path.write_bytes(data[:place] + rest)
        with pytest.raises(StoreError, match="a damaged table"):
            read(path)
