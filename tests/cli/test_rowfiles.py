from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.cli.rowfiles import write_rows
from potstill.errors import InputError, StoreError

ROWS = pa.table({"a": [1, 2], "b": ["x", "ö"]})


def test_three_forms(tmp_path):
    for ending in (".parquet", ".csv", ".jsonl"):
        assert write_rows(tmp_path / f"rows{ending}", ROWS.to_reader(1)) == 2
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == ROWS.to_pylist()
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines() == ['"a","b"', '1,"x"', '2,"ö"']
    assert [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()] == ROWS.to_pylist()


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="unknown ending '.xls'"):
        write_rows(tmp_path / "rows.xls", ROWS.to_reader())
    with pytest.raises(InputError, match="CSV cannot hold lists and records: c"):
        write_rows(tmp_path / "rows.csv", pa.table({"c": [[1]]}).to_reader())
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_rows(tmp_path / "file" / "rows.csv", ROWS.to_reader())
