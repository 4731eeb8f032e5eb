from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from potstill.models.base import Outlook
from potstill.models.rounding import NATS_ERROR, P_ERROR, REALISED_ERROR
from potstill.models.scorings import SCORINGS, SUPPORTS, Scoring, from_table, supports, to_table
from potstill.store.tables import stream, write

SEEN = Outlook(
    log_p=np.array([-0.5, -2.0], np.float32),
    rank=np.array([1, 3], np.int32),
    support_ids=np.array([[4, 7], [1, 0]], np.int32),
    support_log_p=np.array([[-0.5, -1.5], [-0.25, -2.0]], np.float32),
    tail_mass=np.array([0.125, 0.0625], np.float32),
)


def test_scorings_come_back_as_they_went():
    hidden = Outlook(SEEN.log_p, SEEN.rank, hidden=np.ones((2, 3), np.float32), codec="hidden_states")
    given = [Scoring("a", "t", "sampled", SEEN), Scoring("b", "t", "teacher_forced", hidden), Scoring("c", "u", "sampled", Outlook())]
    table = to_table(given)
    assert table.schema == SCORINGS
    for one, back in zip(given, from_table(table), strict=True):
        assert (one.id, one.trace_id, one.teacher_id, one.mode) == (back.id, back.trace_id, back.teacher_id, back.mode)
        assert one.outlook.codec == back.outlook.codec
        for name in ("log_p", "rank", "support_ids", "support_log_p", "tail_mass", "hidden"):
            if getattr(one.outlook, name).size:
                np.testing.assert_array_equal(getattr(back.outlook, name), getattr(one.outlook, name))


def test_an_id_tells_who_scored_what_and_how():
    ids = {
        Scoring(*who, SEEN).id
        for who in (("a", "t", "sampled"), ("b", "t", "sampled"), ("a", "u", "sampled"), ("a", "t", "teacher_forced"))
    }
    assert len(ids) == 4


def _outlook(steps, k, seed):
    """A random teacher's top k of 200 tokens."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (steps, 200))
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    ids = np.argsort(-log_p, -1)[:, :k]
    top = np.take_along_axis(log_p, ids, -1)
    tail = (1 - np.exp(top).sum(-1)).astype(np.float32)
    return Outlook(log_p[:, 0].astype(np.float32), np.ones(steps, np.int32), ids.astype(np.int32), top.astype(np.float32), tail)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """A folder with a written table of scorings, k of 5 and 8, and the scorings."""
    folder = tmp_path_factory.mktemp("shard")
    scorings = [Scoring(str(n), "t", "sampled", _outlook(3 + n, 8 if n > 4 else 5, n)) for n in range(12)]
    write(folder / "scorings-00000.parquet", to_table(scorings))
    return folder, scorings


def test_what_is_stored_is_within_its_error(shard):
    folder, scorings = shard
    back = [one for table in stream(folder, "scorings") for one in from_table(table)]
    for one, given in zip((one.outlook for one in back), (one.outlook for one in scorings), strict=True):
        p = np.exp(one.support_log_p.astype(np.float64))
        assert np.abs(p - np.exp(given.support_log_p.astype(np.float64))).max() <= P_ERROR
        assert np.abs(one.support_log_p - given.support_log_p).max() <= NATS_ERROR
        assert np.abs(one.log_p - given.log_p).max() <= REALISED_ERROR
        assert np.abs(one.tail_mass - given.tail_mass).max() <= P_ERROR
        assert np.abs(p.sum(-1) + one.tail_mass - 1).max() <= (p.shape[-1] + 1) * P_ERROR
        np.testing.assert_array_equal(one.support_ids, given.support_ids)


@pytest.mark.parametrize("size", [1, 4, 100])
def test_supports_are_those_of_the_scorings_in_order(shard, size):
    folder, scorings = shard
    found = [one for table in stream(folder, "scorings", SUPPORTS, size) for one in supports(table)]
    whole = [one for table in stream(folder, "scorings") for one in from_table(table)]
    assert len(found) == len(scorings)
    assert {one.ids.shape[1] for one in found} == {5, 8}
    for one, given in zip(found, whole, strict=True):
        assert (one.trace_id, one.teacher_id, one.codec) == (given.trace_id, given.teacher_id, given.outlook.codec)
        for name, its in (("ids", "support_ids"), ("log_p", "support_log_p"), ("tail_mass", "tail_mass"), ("hidden", "hidden")):
            np.testing.assert_array_equal(getattr(one, name), getattr(given.outlook, its))


def test_an_empty_table_has_no_supports():
    assert list(supports(to_table([]))) == []
    (one,) = supports(to_table([Scoring("c", "u", "sampled", Outlook())]))
    assert (one.ids.size, one.tail_mass.size, one.hidden.size) == (0, 0, 0)


def test_others_read_the_columns_without_us(shard):
    folder, scorings = shard
    first = scorings[0].outlook
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    path = str(folder / "scorings-00000.parquet")
    query = "select unnest(support_ids) as id, unnest(support_log_p) as log_p from read_parquet(?) where trace_id = '0'"
    by_duckdb = duckdb.execute(query, [path]).fetchnumpy()
    by_polars = polars.read_parquet(path).row(0, named=True)
    for ids, log_p in ((by_duckdb["id"], by_duckdb["log_p"]), (by_polars["support_ids"], by_polars["support_log_p"])):
        assert list(ids) == first.support_ids.ravel().tolist()
        np.testing.assert_allclose(np.array(log_p), first.support_log_p.ravel(), atol=NATS_ERROR)
    assert isinstance(pa.parquet.read_table(path).schema.field("support_ids").type, pa.ListType)
