"""Rows written to a file that its ending tells the form of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from potstill.errors import InputError
from potstill.store import atomic, tables

ENDINGS = (".parquet", ".csv", ".jsonl")


def write_rows(path: Path, rows: pa.RecordBatchReader) -> int:
    """Write rows as Parquet, CSV or JSON lines, whole or not at all, a batch in memory at a time.

    Returns:
        how many they are.

    Raises:
        InputError: the ending is none of `ENDINGS`, or CSV cannot hold a column.
        StoreError: the file cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise InputError(f"unknown ending {path.suffix!r}", where=str(path), fix=f"one of: {', '.join(ENDINGS)}")
    nested = [field.name for field in rows.schema if pa.types.is_nested(field.type)]
    if nested and path.suffix == ".csv":
        what = f"CSV cannot hold lists and records: {', '.join(nested)}"
        raise InputError(what, where=str(path), fix="select other columns, or write .parquet or .jsonl")
    with atomic.store_errors(path), atomic.whole_file(path) as temporary, _writer(path.suffix, temporary, rows.schema) as write:
        return sum(write(batch) for batch in rows)


@contextmanager
def _writer(ending: str, path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], int]]:
    """What writes a batch, and says how many rows it has."""
    if ending == ".jsonl":
        with path.open("w", encoding="utf-8") as file:
            yield partial(_write_lines, file)
        return
    with csv.CSVWriter(path, schema) if ending == ".csv" else pq.ParquetWriter(path, schema, **tables.encoding(schema)) as writer:
        yield partial(_write_batch, writer)


def _write_lines(file: TextIO, batch: pa.RecordBatch) -> int:
    file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist())
    return len(batch)


def _write_batch(writer: csv.CSVWriter | pq.ParquetWriter, batch: pa.RecordBatch) -> int:
    writer.write_batch(batch)
    return len(batch)
