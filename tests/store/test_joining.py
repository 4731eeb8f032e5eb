from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.errors import StoreError
from potstill.store import joining, tables
from potstill.store.joining import Lookup


def written(folder: Path, *shards: list[str]) -> Path:
    for number, keys in enumerate(shards):
        tables.write(folder / tables.file_name("t", number), pa.table({"key": keys, "n": [f"{number}{key}" for key in keys]}))
    return folder


def test_rows_are_found_in_every_shard_in_their_order(tmp_path: Path) -> None:
    lookup = Lookup(written(tmp_path, ["a", "b", "a"], ["c", "a"]), "t", "key")
    assert lookup.rows(pa.array(["a"]))["n"].to_pylist() == ["0a", "0a", "1a"]
    assert lookup.rows(pa.array(["c", "b"]))["n"].to_pylist() == ["0b", "1c"]
    assert lookup.rows(pa.array(["x"])).num_rows == 0
    assert lookup.rows(pa.array([], pa.string())).schema.names == ["key", "n"]


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    assert Lookup(written(tmp_path, ["a"]), "t", "key", ("key",)).rows(pa.array(["a"])).to_pylist() == [{"key": "a"}]


def test_a_table_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert Lookup(tmp_path, "t", "key").rows(pa.array(["a"])) is None


def test_few_row_groups_stay_in_memory(tmp_path: Path) -> None:
    keys = [f"{i}" for i in range(100)]
    pq.write_table(pa.table({"key": keys}), tmp_path / "t.parquet", row_group_size=2)
    lookup = Lookup(tmp_path, "t", "key")
    assert [lookup.rows(pa.array([key])).num_rows for key in reversed(keys)] == [1] * 100
    assert len(lookup._kept) == joining.CACHED


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"t\.parquet: a damaged table; make its stage again with --force"):
        Lookup(tmp_path, "t", "key")
