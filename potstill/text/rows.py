"""Rows of a file, whatever its format, each with the line or number by which a reader finds it.

| ending | what it holds |
|---|---|
| `.jsonl`, `.ndjson` | one JSON object a line |
| `.json` | a list of rows; an object with one list in it; or one JSON object a line |
| `.csv`, `.tsv` | a header, then rows; tabs between the columns of `.tsv` |
| `.parquet` | a table |
| `.txt` | one row a line, in the column `prompt`; empty lines are passed over |

All but Parquet may be compressed: `.jsonl.gz`, `.csv.zst`. A row of a JSON list that is no object stands in the column `value`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from potstill.errors import InputError
from potstill.text.delimited import PLAIN, Layout, read_delimited
from potstill.text.lines import Rejected, ending, lines_of, undecoded

Row = dict[str, Any]
Sifted: TypeAlias = "tuple[str, Row | Rejected]"
"""A place, and the row there or what is wrong with it."""


def read_rows(path: Path, layout: Layout = PLAIN) -> Iterator[tuple[str, Row]]:
    """Each row of the file with its place, `name.jsonl:12` (a line from 1) or `name.json row 3` (from 0).

    Args:
        path: the file.
        layout: of a `.csv` or `.tsv` file.

    Raises:
        InputError: the file is missing, unreadable, of another format, malformed or not UTF-8 (with line and column).
    """
    for where, row in sift_rows(path, layout):
        if isinstance(row, Rejected):
            raise row.error
        yield where, row


def sift_rows(path: Path, layout: Layout = PLAIN) -> Iterator[Sifted]:
    """As `read_rows`; in the place of a malformed row stands what is wrong with it, and those behind it are read.

    Raises:
        InputError: the file is missing, unreadable or of another format, or its rows cannot be told apart.
    """
    reader = _READERS.get(ending(path))
    if reader is None:
        raise InputError(f"unknown ending {path.suffix!r}", where=str(path), fix=f"one of: {', '.join(ENDINGS)}")
    try:
        yield from reader(path, layout)
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="check the path; it starts at the working directory") from None
    except OSError as error:
        packed = error.errno is None  # the decompressor's own; the system's have a number
        fix = "it is cut off, damaged or not compressed: compress it again" if packed else "give a file that you may read"
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path), fix=fix) from None


def _json_lines(path: Path, layout: Layout) -> Iterator[Sifted]:
    for number, line in lines_of(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        fault = undecoded(line, path, number)
        try:
            yield where, fault or _object(_parsed(line.rstrip("\n"), path, number), where)
        except InputError as error:
            yield where, Rejected.of(error, line.rstrip("\n"))


def _parsed(text: str, path: Path, line: int | None = None) -> Any:
    """The JSON value of a text: of that line, or else of the whole file."""
    where = str(path) if line is None else f"{path}:{line}"
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path}:{(line or 1) + error.lineno - 1}:{error.colno}"
        raise InputError(f"malformed JSON: {error.msg}", where=where, fix="mend that line") from None
    except RecursionError:
        raise InputError("JSON that is nested too deeply", where=where, fix="write flat rows") from None
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"malformed JSON: {str(error).partition(';')[0]}", where=where, fix="write it as a string") from None


def _object(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        fix = 'write rows as {"prompt": "..."}' + "; a file that is one list of rows ends in .json" * isinstance(value, list)
        raise InputError(f"a JSON object was expected, not {type(value).__name__}", where=where, fix=fix)
    return value


def _json(path: Path, layout: Layout) -> Iterator[Sifted]:
    if _is_lines(path):
        yield from _json_lines(path, layout)
        return
    text = "".join(_decoded_lines(path))
    if not text.strip():
        return
    value = _parsed(text, path)
    lists = [item for item in value.values() if isinstance(item, list)] if isinstance(value, dict) else [value]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise InputError("neither a list of rows nor an object with one list in it", where=str(path), fix="write a list of objects")
    for number, row in enumerate(lists[0]):
        yield f"{path} row {number}", row if isinstance(row, dict) else {"value": row}


def _decoded_lines(path: Path) -> Iterator[str]:
    for number, line in lines_of(path):
        if fault := undecoded(line, path, number):
            raise fault.error
        yield line


def _is_lines(path: Path) -> bool:
    """Whether the first line that is not empty is a JSON object by itself and more follows."""
    filled = (line for _, line in lines_of(path) if line.strip())
    try:
        return isinstance(json.loads(next(filled, "")), dict) and next(filled, None) is not None
    except (ValueError, RecursionError):
        return False


def _csv(path: Path, layout: Layout) -> Iterator[Sifted]:
    return read_delimited(path, ",", layout)


def _tsv(path: Path, layout: Layout) -> Iterator[Sifted]:
    return read_delimited(path, "\t", layout)


def _parquet(path: Path, layout: Layout) -> Iterator[Sifted]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for row in _rows_of(batch, f"{path} row", number):
                    yield f"{path} row {number}", row
                    number += 1
    except pa.ArrowException as error:
        fix = "write it again, or give the file the ending of its format"
        raise InputError(f"not a Parquet file, or a damaged one: {error}", where=str(path), fix=fix) from None
    except UnicodeDecodeError:
        raise InputError("a name that is not UTF-8", where=str(path), fix="write it again in UTF-8") from None


def _rows_of(batch: Any, where: str, first: int) -> list[Row | Rejected]:
    """The rows of a batch; one by one where a text in it is not UTF-8."""
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:
        if len(batch) == 1:
            return [Rejected(f"{where} {first}", "a text that is not UTF-8", "write it again in UTF-8")]
        return [row for place in range(len(batch)) for row in _rows_of(batch.slice(place, 1), where, first + place)]


def _text(path: Path, layout: Layout) -> Iterator[Sifted]:
    for number, line in lines_of(path):
        if line.strip():
            yield f"{path}:{number}", undecoded(line, path, number) or {"prompt": line.rstrip("\n")}


_READERS: dict[str, Callable[[Path, Layout], Iterator[Sifted]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".txt": _text,
}
ENDINGS = tuple(sorted(_READERS))
"""The endings that `read_rows` knows."""


def value_of(row: Row, column: str, where: str) -> Any:
    """What a column holds. `a.b` is the value `b` of the object in column `a`, and `a.0` the first of the list there.

    Raises:
        InputError: there is no such column.
    """
    if column in row:
        return row[column]
    found: Any = row
    for step in column.split("."):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise InputError(f"no column {column!r}", where=where, fix=f"it has {', '.join(map(repr, row)) or 'none'}; map it in `columns`")
    return found


def cell(row: Row, column: str, where: str) -> str | None:
    """A cell as text; None when it is empty (JSON null, or nothing between two separators).

    Args:
        row: column -> value.
        column: as in `value_of`.
        where: the row's place.

    Raises:
        InputError: the row has no such column, or the cell is a list, an object, bytes or no valid Unicode.
    """
    value = value_of(row, column, where)
    if value is None or value == "":
        return None
    if isinstance(value, (list, dict)):
        raise InputError(f"the column {column!r} holds a {type(value).__name__}, not a text", where=where, fix="map another column")
    return text_of(value, column, where)


def text_of(value: Any, column: str, where: str) -> str:
    """A value as text.

    Raises:
        InputError: it is bytes, or no valid Unicode.
    """
    if isinstance(value, bytes):
        fix = "write the column as text, or map another"
        raise InputError(f"the column {column!r} holds bytes, not a text", where=where, fix=fix)
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = f"the column {column!r} is not valid Unicode: {text[error.start : error.start + 20]!r}"
        raise InputError(what, where=where, fix="replace the surrogates in it") from None
    return text
