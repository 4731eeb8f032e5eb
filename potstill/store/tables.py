"""Parquet tables: explicit schemas for the vocabulary, files that are whole or absent, the same bytes for the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from potstill.errors import InputError, StoreError
from potstill.store.atomic import whole_file
from potstill.types import Finding, Message, Prompt, Segment, TeacherCard, Trace, Usage, Verdict

_SPLIT = "BYTE_STREAM_SPLIT"
GROUP_ROWS, GROUP_BYTES = 65_536, 16 << 20
"""Most rows of a row group, and most bytes of it in memory."""

Row = TypeVar("Row", Prompt, Trace, TeacherCard, Verdict, Finding)

_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int32()
_MESSAGES = pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))
_SPANS = ("start", "end", "byte_start", "byte_end", "token_start", "token_end")
SEGMENTS = pa.list_(pa.struct([("kind", _TEXT), *((name, _COUNT) for name in _SPANS)]))
"""A trace's segments: spans in characters, in bytes of UTF-8 and in tokens, half open; the last two are null where they are not known."""
_COUNTED = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
BATCH = 8192
"""Rows that are read at a time."""
FORCE = "make its stage again with --force"
"""What to do about a damaged table of an artifact."""
_USAGE = pa.struct([*((name, _COUNT) for name in _COUNTED), ("cost_microusd", pa.int64())])


SCHEMAS: dict[type, pa.Schema] = {
    Prompt: pa.schema(
        [
            ("id", _TEXT),
            ("messages", _MESSAGES),
            ("domain", _TEXT),
            ("skill", _TEXT),
            ("reference", _TEXT),
            ("rationale", _TEXT),
            ("grader", _TEXT),
            ("intent", _TEXT),
            ("family", _TEXT),
            ("half", _TEXT),
            ("risk", _NUMBER),
            ("wrapper", _TEXT),
            ("twin_of", _TEXT),
            ("choices", pa.list_(_TEXT)),
            ("language", _TEXT),
            ("labelled_by", _TEXT),
            ("source", _TEXT),
            ("licence", _TEXT),
        ]
    ),
    Trace: pa.schema(
        [
            ("id", _TEXT),
            ("prompt_id", _TEXT),
            ("teacher", _TEXT),
            ("sample", _COUNT),
            ("text", _TEXT),
            ("segments", SEGMENTS),
            ("token_ids", pa.list_(_COUNT)),
            ("finish_reason", _TEXT),
            ("token_ends", pa.list_(_COUNT)),
            ("teacher_id", _TEXT),
            ("context", _TEXT),
            ("sampling", _TEXT),
            ("reasoning_field", _TEXT),
            ("usage", _USAGE),
            ("request", _TEXT),
            ("response", _TEXT),
        ]
    ),
    TeacherCard: pa.schema([("id", _TEXT), *((field.name, _TEXT) for field in fields(TeacherCard))]),
    Verdict: pa.schema(
        [
            ("trace_id", _TEXT),
            ("part", _TEXT),
            ("by", _TEXT),
            ("why", _TEXT),
            ("score", _NUMBER),
            ("evidence", _TEXT),
            ("version", _TEXT),
            ("prompt_id", _TEXT),
            ("applies", pa.bool_()),
            ("within", _TEXT),
            ("start", _COUNT),
            ("end", _COUNT),
            ("recall", _NUMBER),
            ("hard_recall", _NUMBER),
            ("false_positive_rate", _NUMBER),
        ]
    ),
    Finding: pa.schema(
        [
            ("suite", _TEXT),
            ("name", _TEXT),
            ("subject", _TEXT),
            ("group", _TEXT),
            ("value", _NUMBER),
            ("low", _NUMBER),
            ("high", _NUMBER),
            ("n", _COUNT),
            ("unjudged", _COUNT),
            ("unit", _TEXT),
            ("by", _TEXT),
        ]
    ),
}
"""The columns of each kind of row, in order. Prompts, traces and teachers carry their id."""


def from_rows(rows: Iterable[Row], kind: type[Row], ids: Sequence[str] | None = None) -> pa.Table:
    """The rows as a table with the columns of `SCHEMAS[kind]`.

    Args:
        rows: all of one kind.
        kind: their class.
        ids: of the rows, where they are known and need not be hashed anew.

    Raises:
        InputError: a text that is no valid Unicode; names the row's source, or else its id.
    """
    schema, given = SCHEMAS[kind], list(rows)
    columns = {name: _column(given, name) for name in schema.names if name != "id" or ids is None}
    columns |= {} if ids is None else {"id": list(ids)}
    try:
        return pa.table([pa.array(columns[field.name], type=field.type) for field in schema], schema=schema)
    except UnicodeEncodeError as error:
        what = f"a text is not valid Unicode: {error.object[error.start : error.start + 20]!r}"
        raise InputError(what, where=_origin(columns), fix="replace the surrogates in it") from None


def _origin(columns: dict[str, list[Any]]) -> str:
    """Where the first row that is no valid Unicode came from, as far as its columns tell."""
    for values in zip(*columns.values(), strict=True):
        if not _is_unicode(values):
            row = dict(zip(columns, values, strict=True))
            return next((f"{row[name]}" for name in ("source", "prompt_id", "trace_id", "name") if row.get(name)), "")
    return ""


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def _column(given: Sequence[Any], name: str) -> list[Any]:
    """A field of all rows, nested ones as plain values."""
    values = [getattr(row, name) for row in given]
    if name == "messages":
        return [[{"role": message.role, "content": message.content} for message in value] for value in values]
    if name == "segments":
        return [[{"kind": one.kind, "start": one.start, "end": one.end} for one in value] for value in values]
    return [None if value is None else asdict(value) for value in values] if name == "usage" else values


def rows(table: pa.Table, kind: type[Row]) -> Iterator[Row]:
    """The rows that `from_rows` was given; other columns of the table are passed over, and fields without a column take their default."""
    names = [field.name for field in fields(kind) if field.name in table.column_names]
    for batch in table.select(names).to_batches(max_chunksize=1024):
        for values in batch.to_pylist():
            if kind is Prompt:
                values["messages"] = tuple(Message(**message) for message in values["messages"])
                values["choices"] = tuple(values.get("choices", ()))
            if kind is Trace:
                values["segments"] = tuple(Segment(one["kind"], one["start"], one["end"]) for one in values.get("segments", ()))
                values |= {name: tuple(values[name]) for name in ("token_ids", "token_ends") if name in values}
                values["usage"] = None if values.get("usage") is None else Usage(**values["usage"])
            yield kind(**values)


def split_bytes(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """The schema with a note for `write`: these columns, lists of int32 or float32, are stored byte by byte.

    First bytes stand with first bytes, last with last (Parquet's BYTE_STREAM_SPLIT), of which a compressor makes more.
    """
    return pa.schema([field.with_metadata({"encoding": _SPLIT}) if field.name in names else field for field in schema])


def write(path: Path, table: pa.Table) -> None:
    """Write a Parquet file, whole or not at all; the same rows give the same bytes.

    Its row groups are small enough to be read one after the other in little memory, and its pages carry checksums.
    """
    rows = min(GROUP_ROWS, max(1, GROUP_BYTES * len(table) // max(1, table.nbytes)))
    with whole_file(path) as temporary, temporary.open("wb") as file:
        pq.write_table(table.combine_chunks(), file, row_group_size=rows, **encoding(table.schema))


def encoding(schema: pa.Schema) -> dict[str, Any]:
    """How pyarrow writes tables of that schema: compression, checksums, and what `split_bytes` noted."""
    split = {f"{field.name}.list.element": _SPLIT for field in schema if (field.metadata or {}).get(b"encoding") == _SPLIT.encode()}
    plain = [field.name for field in schema if f"{field.name}.list.element" not in split]
    chosen = {"use_dictionary": plain, "column_encoding": split, "compression_level": 9} if split else {"compression_level": 3}
    return {"compression": "zstd", "write_page_checksum": True, **chosen}


def read(path: Path, columns: Sequence[str] | None = None, chosen: pc.Expression | None = None) -> pa.Table:
    """Read a Parquet file.

    Args:
        path: of the file.
        columns: those to read, in the order of the result; None: all.
        chosen: the rows to read, by those columns; None: all.

    Raises:
        StoreError: it is not there or is damaged, or a column is missing.
    """
    wanted = None if columns is None else list(columns)
    with _damaged(path):
        table = pq.read_table(path, columns=wanted, filters=chosen, partitioning=None, page_checksum_verification=True)
        return table if wanted is None else table.select(wanted)


@contextmanager
def open_table(path: Path, fix: str = FORCE) -> Iterator[pq.ParquetFile]:
    """A Parquet file to be read a part at a time, the checksums of its pages verified; they do not cover its footer.

    Args:
        path: of the file.
        fix: what to do about a damaged one.

    Raises:
        StoreError: it is not there or is found to be damaged in the block, or a column that the block asks for is missing.
    """
    with _damaged(path, fix), pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield file


@contextmanager
def _damaged(path: Path, fix: str = FORCE) -> Iterator[None]:
    """What pyarrow says of a file that is not there or is damaged becomes a StoreError."""
    try:
        yield
    except FileNotFoundError:
        raise StoreError("no such table", where=str(path), fix="run the stage that makes it") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:  # the last two: names in a damaged footer
        raise StoreError("a damaged table", where=str(path), fix=fix) from error


def file_name(name: str, shard: int | None = None) -> str:
    """The file of a table, or of one shard of it: `traces-00003.parquet`."""
    return f"{name}.parquet" if shard is None else f"{name}-{shard:05d}.parquet"


def find_files(folder: Path, name: str) -> list[Path]:
    """The files of the table `name` in a folder: `<name>.parquet`, or its shards in order."""
    single = folder / file_name(name)
    if single.exists():
        return [single]
    return sorted(path for path in folder.glob(f"{name}-*.parquet") if path.stem[len(name) + 1 :].isdigit())


def read_all(folder: Path, name: str, columns: Sequence[str] | None = None, chosen: pc.Expression | None = None) -> pa.Table:
    """The table `name` of a folder, its shards put together; `columns` and `chosen` as for `read`.

    Raises:
        StoreError: there is none, a file is damaged, or a column is missing.
    """
    return pa.concat_tables(read(path, columns, chosen) for path in _files_of(folder, name))


def _files_of(folder: Path, name: str) -> list[Path]:
    files = find_files(folder, name)
    if not files:
        there = ", ".join(sorted(path.name for path in folder.glob("*.parquet"))) or "no tables"
        raise StoreError(f"no table {name!r}", where=str(folder), fix=f"it holds {there}")
    return files


def stream(folder: Path, name: str, columns: Sequence[str] | None = None, size: int = BATCH, fix: str = FORCE) -> Iterator[pa.Table]:
    """The table `name` of a folder, `size` rows at a time and fewer at the end, whatever its shards are: memory stays flat.

    Args:
        folder: where its files are.
        name: of the table.
        columns: those to read; None: all.
        size: rows at a time.
        fix: what to do about a damaged file.

    Raises:
        StoreError: there is none, or a file is damaged.
    """
    waiting: list[pa.Table] = []
    held = 0
    for batch in _batches(_files_of(folder, name), columns, size, fix):
        waiting.append(batch)
        held += len(batch)
        while held >= size:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, size)
            waiting, held = [whole.slice(size)], held - size
    if held:
        yield pa.concat_tables(waiting)


def _batches(files: Iterable[Path], columns: Sequence[str] | None, size: int, fix: str) -> Iterator[pa.Table]:
    for path in files:
        with open_table(path, fix) as file:
            for batch in file.iter_batches(batch_size=size, columns=columns):
                yield pa.Table.from_batches([batch])


def count(folder: Path, name: str) -> int:
    """How many rows the table `name` of a folder has, by the files' own account: none of them is read.

    Raises:
        StoreError: there is no such table, or a file is damaged.
    """
    return sum(_count(path) for path in _files_of(folder, name))


def _count(path: Path) -> int:
    with _damaged(path):
        return int(pq.read_metadata(path).num_rows)
