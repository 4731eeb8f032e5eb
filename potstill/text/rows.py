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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from potstill.errors import InputError

Row = dict[str, Any]


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Each row of the file with its place, `name.jsonl:12` (a line from 1) or `name.json row 3` (from 0).

    Raises:
        InputError: the file is missing, of another format, malformed (with line and column) or not UTF-8.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"unknown ending {path.suffix!r}", where=str(path), fix=f"one of: {', '.join(sorted(_READERS))}")
    try:
        yield from reader(path)
    except (FileNotFoundError, IsADirectoryError):
        raise InputError("no such file", where=str(path), fix="check the path; it starts at the working directory") from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}", where=str(path), fix="save it as UTF-8") from None


def _json_lines(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"{path}:{number}", _object(_parsed(line.rstrip("\n"), path, number), f"{path}:{number}")


def _parsed(text: str, path: Path, first_line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path}:{first_line + error.lineno - 1}:{error.colno}"
        raise InputError(f"malformed JSON: {error.msg}", where=where, fix="mend that line") from None


def _object(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise InputError(f"a JSON object was expected, not {type(value).__name__}", where=where, fix='write rows as {"prompt": "..."}')
    return value


def _json(path: Path) -> Iterator[tuple[str, Row]]:
    text = path.read_text(encoding="utf-8")
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
    except json.JSONDecodeError:
        return False


def _csv(path: Path, delimiter: str = ",") -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    fix = "quote cells that contain the separator or a line break"
                    raise InputError("the row has not as many cells as the header", where=f"{path}:{reader.line_num}", fix=fix)
                yield f"{path}:{reader.line_num}", row
        except csv.Error as error:
            raise InputError(f"malformed table: {error}", where=f"{path}:{reader.line_num}", fix="mend that line") from None


def _tsv(path: Path) -> Iterator[tuple[str, Row]]:
    return _csv(path, "\t")


def _parquet(path: Path) -> Iterator[tuple[str, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"not a Parquet file: {error}", where=str(path)) from None
    number = 0
    with file:
        for batch in file.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                yield f"{path} row {number}", row
                number += 1


def _text(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
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
        InputError: the row has no such column, or the cell is a list or an object.
    """
    if column not in row:
        raise InputError(f"no column {column!r}", where=where, fix=f"it has {', '.join(map(repr, row)) or 'none'}; map it in `columns`")
    value = row[column]
    if value is None or value == "":
        return None
    if isinstance(value, (list, dict)):
        raise InputError(f"the column {column!r} holds a {type(value).__name__}, not a text", where=where)
    return str(value)
