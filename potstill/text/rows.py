"""Rows of a file, whatever its format, each with the line or number by which a reader finds it.

| ending | what it holds |
|---|---|
| `.jsonl`, `.ndjson` | one JSON object a line |
| `.json` | a list of rows; an object with one list in it; or one JSON object a line |
| `.csv`, `.tsv` | a header, then rows; tabs between the columns of `.tsv` |
| `.parquet` | a table |
| `.txt` | one row a line, in the column `prompt`; empty lines are passed over |

A row of a JSON list that is no object stands in the column `value`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from potstill.errors import InputError

Row = dict[str, Any]

LARGEST_CELL = 2**31 - 1
"""Characters of a CSV cell: the most that the reader can be told everywhere."""
_UNDECODED = re.compile(r"[\udc80-\udcff]")
"""What a byte that is not UTF-8 is read as; no text in UTF-8 holds it."""


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Each row of the file with its place, `name.jsonl:12` (a line from 1) or `name.json row 3` (from 0).

    Raises:
        InputError: the file is missing, unreadable, of another format, malformed or not UTF-8 (with line and column).
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"unknown ending {path.suffix!r}", where=str(path), fix=f"one of: {', '.join(sorted(_READERS))}")
    try:
        yield from reader(path)
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="check the path; it starts at the working directory") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path), fix="give a file that you may read") from None


def _lines(path: Path, newline: str | None = None) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1, without a byte-order mark; `newline` as in `open`.

    Raises:
        InputError: a byte that is not UTF-8, with line and column.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline) as file:
        for number, line in enumerate(file, start=1):
            if bad := _UNDECODED.search(line):
                raise InputError("not UTF-8", where=f"{path}:{number}:{bad.start() + 1}", fix="save it as UTF-8")
            yield number, line


def _json_lines(path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in _lines(path):
        if line.strip():
            yield f"{path}:{number}", _object(_parsed(line.rstrip("\n"), path, number), f"{path}:{number}")


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
        raise InputError(f"a JSON object was expected, not {type(value).__name__}", where=where, fix='write rows as {"prompt": "..."}')
    return value


def _json(path: Path) -> Iterator[tuple[str, Row]]:
    text = "".join(line for _, line in _lines(path))
    if _is_lines(text):
        yield from _json_lines(path)
        return
    value = _parsed(text, path)
    lists = [item for item in value.values() if isinstance(item, list)] if isinstance(value, dict) else [value]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise InputError("neither a list of rows nor an object with one list in it", where=str(path), fix="write a list of objects")
    for number, row in enumerate(lists[0]):
        yield f"{path} row {number}", row if isinstance(row, dict) else {"value": row}


def _is_lines(text: str) -> bool:
    """Whether the first line is a JSON object by itself and more follows."""
    first, _, rest = text.lstrip().partition("\n")
    try:
        return isinstance(json.loads(first), dict) and bool(rest.strip())
    except (ValueError, RecursionError):
        return False


def _csv(path: Path, delimiter: str = ",") -> Iterator[tuple[str, Row]]:
    """The place of a row is the line that it begins in."""
    csv.field_size_limit(LARGEST_CELL)
    table = csv.reader((line for _, line in _lines(path, newline="")), delimiter=delimiter, strict=True)
    header: list[str] = []
    where = f"{path}:1"
    try:
        for cells in table:
            if header and cells:
                if len(cells) != len(header):
                    fix = "quote cells that contain the separator or a line break"
                    raise InputError("the row has not as many cells as the header", where=where, fix=fix)
                yield where, dict(zip(header, cells, strict=True))
            named = list(filter(None, cells))
            if not header and len(set(named)) < len(named):
                raise InputError("a column stands twice in the header", where=where, fix="give each column a name of its own")
            header = header or cells
            where = f"{path}:{table.line_num + 1}"
    except csv.Error as error:
        raise InputError(f"malformed table: {error}", where=where, fix="mend the row that begins there") from None


def _tsv(path: Path) -> Iterator[tuple[str, Row]]:
    return _csv(path, "\t")


def _parquet(path: Path) -> Iterator[tuple[str, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for row in batch.to_pylist():
                    yield f"{path} row {number}", row
                    number += 1
    except pa.ArrowException as error:
        fix = "write it again, or give the file the ending of its format"
        raise InputError(f"not a Parquet file, or a damaged one: {error}", where=str(path), fix=fix) from None
    except UnicodeDecodeError:
        raise InputError("a text that is not UTF-8", where=f"{path} from row {number}", fix="write it again in UTF-8") from None


def _text(path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in _lines(path):
        if line.strip():
            yield f"{path}:{number}", {"prompt": line.rstrip("\n")}


_READERS: dict[str, Callable[[Path], Iterator[tuple[str, Row]]]] = {
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


def cell(row: Row, column: str, where: str) -> str | None:
    """A cell as text; None when it is empty (JSON null, or nothing between two separators).

    Raises:
        InputError: the row has no such column, or the cell is a list, an object or no valid Unicode.
    """
    if column not in row:
        raise InputError(f"no column {column!r}", where=where, fix=f"it has {', '.join(map(repr, row)) or 'none'}; map it in `columns`")
    value = row[column]
    if value is None or value == "":
        return None
    if isinstance(value, (list, dict)):
        raise InputError(f"the column {column!r} holds a {type(value).__name__}, not a text", where=where, fix="map another column")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = f"the column {column!r} is not valid Unicode: {text[error.start : error.start + 20]!r}"
        raise InputError(what, where=where, fix="replace the surrogates in it") from None
    return text
