"""Where in a TOML text a key stands, so that an error can name the line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

KeyPath = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) of the key at `path`, or of the nearest table around it; None when no part of the path is written.

    Args:
        text: a valid TOML document.
        path: keys, and places in lists from 0: `("teachers", 0, "top_k")`.
    """
    lines = _lines(text)
    wanted = tuple(path)
    while wanted:
        if wanted in lines:
            return lines[wanted]
        wanted = wanted[:-1]
    return None


def _lines(text: str) -> dict[KeyPath, int]:
    """Every written key -> its line."""
    lines: dict[KeyPath, int] = {}
    lengths: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line, statement in _statements(text):
        if line.startswith("["):
            table = ()
            for key, opens in _header(statement):
                table += (key,)
                lines.setdefault(table, number)
                lengths[table] = lengths.get(table, 0) + opens
                if lengths[table]:
                    table += (lengths[table] - 1,)
            lines.setdefault(table, number)
        else:
            for keys in _keys(statement):
                lines.setdefault(table + keys, number)
    return lines


def _header(statement: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """The keys of a parsed header, each with whether it opens another table of a list."""
    inner: Any = statement
    while inner:
        key, value = next(iter(inner.items()))
        yield key, isinstance(value, list)
        inner = value[0] if isinstance(value, list) else value


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """First line's number, its text and the parsed content of each header and assignment; a value may take several lines."""
    pending, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start if pending else number
        pending += line + "\n"
        try:
            statement = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        if statement:
            yield start, pending.lstrip(), statement
        pending = ""


def _keys(value: Any) -> Iterator[KeyPath]:
    """The paths of the keys in a parsed statement, the longest first; tables in lists are counted from 0."""
    if isinstance(value, dict):
        items: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        items = [(i, item) for i, item in enumerate(value) if isinstance(item, dict)]
    else:
        return
    for key, item in items:
        yield from ((key, *rest) for rest in _keys(item))
        yield (key,)
