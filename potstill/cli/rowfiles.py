"""Rows written to a file that its ending tells the form of."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from potstill.errors import InputError
from potstill.store import atomic, tables

ENDINGS = (".parquet", ".csv", ".jsonl")


def write_rows(path: Path, rows: pa.Table) -> None:
    """Write a table as Parquet, CSV or JSON lines, whole or not at all.

    Raises:
        InputError: the ending is none of `ENDINGS`, or CSV cannot hold a column.
        StoreError: the file cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise InputError(f"unknown ending {path.suffix!r}", where=str(path), fix=f"one of: {', '.join(ENDINGS)}")
    with atomic.store_errors(path):
        if path.suffix == ".parquet":
            tables.write(path, rows)
        elif path.suffix == ".jsonl":
            lines = (json.dumps(row, ensure_ascii=False, default=str) for row in rows.to_pylist())
            atomic.write_text(path, "".join(f"{line}\n" for line in lines))
        else:
            _write_csv(path, rows)


def _write_csv(path: Path, rows: pa.Table) -> None:
    from pyarrow import csv

    nested = [field.name for field in rows.schema if pa.types.is_nested(field.type)]
    if nested:
        what = f"CSV cannot hold lists and records: {', '.join(nested)}"
        raise InputError(what, where=str(path), fix="select other columns, or write .parquet or .jsonl")
    with atomic.whole_file(path) as temporary:
        csv.write_csv(rows, temporary)
