"""Tables in text: cells between commas or tabs, quoted or not."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from potstill.errors import InputError
from potstill.text.lines import Rejected, lines_of, readable, undecoded

LARGEST_CELL = 2**31 - 1
"""Characters of a cell: the most that the reader can be told everywhere."""
_ESCAPES = {r"\n": "\n", r"\t": "\t"}


@dataclass(frozen=True, slots=True)
class Layout:
    r"""How the rows of a table are written.

    Attributes:
        header: whether the first row names the columns; else they are `#1`, `#2`, ….
        quotes: whether cells may be quoted; else a quotation mark is a character like any other.
        escapes: whether `\n` and `\t` stand for a line break and a tab.
    """

    header: bool = True
    quotes: bool = True
    escapes: bool = False


PLAIN = Layout()


def read_delimited(path: Path, delimiter: str, layout: Layout = PLAIN) -> Iterator[tuple[str, dict[str, str] | Rejected]]:
    """Each row as column -> cell, with the line that it begins in; empty lines are passed over.

    A row that is malformed is given as what is wrong with it. Where a quote is not closed, or is closed in the middle of a cell, its first
    line alone is set aside, so that the rows behind it are not lost with it.

    Raises:
        InputError: the header is malformed, or a column stands twice in it.
    """
    names: list[str] | None = None
    for where, cells in _records(path, delimiter, layout):
        if names is None:
            names, cells = _names(where, cells, layout)
        if isinstance(cells, Rejected):
            yield where, cells
        elif cells and len(cells) == len(names):
            told = cells if not layout.escapes else [_unescaped(cell) for cell in cells]
            yield where, dict(zip(names, told, strict=True))
        elif cells:
            what = "the row has not as many cells as the header" if layout.header else "the row has not as many cells as the first"
            raw = delimiter.join(cells)
            yield where, Rejected(where, what, "quote cells that contain the separator or a line break", readable(raw))


def _names(where: str, cells: list[str] | Rejected, layout: Layout) -> tuple[list[str], list[str] | Rejected]:
    """The names of the columns, and what is left of the first row."""
    if isinstance(cells, Rejected):
        raise cells.error
    if not layout.header:
        return [f"#{place}" for place in range(1, len(cells) + 1)], cells
    named = list(filter(None, cells))
    if len(set(named)) < len(named):
        raise InputError("a column stands twice in the header", where=where, fix="give each column a name of its own")
    return cells, []


def _unescaped(cell: str) -> str:
    for written, meant in _ESCAPES.items():
        cell = cell.replace(written, meant)
    return cell


def _records(path: Path, delimiter: str, layout: Layout) -> Iterator[tuple[str, list[str] | Rejected]]:
    """The cells of each row that is not empty."""
    csv.field_size_limit(LARGEST_CELL)
    lines = _Lines(path)
    while lines.more():
        where = f"{path}:{lines.begin()}"
        try:
            cells = next(
                csv.reader(lines, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if layout.quotes else csv.QUOTE_NONE)
            )
        except csv.Error as error:
            fault = Rejected(where, f"malformed table: {error}", "mend the row that begins there", readable(lines.retry().rstrip("\r\n")))
            yield where, fault
            continue
        if cells:
            yield where, lines.fault() or cells


class _Lines:
    """The lines of a file, of which those of the row that is being read can be taken back."""

    def __init__(self, path: Path) -> None:
        self._path, self._coming = path, lines_of(path, newline="")
        self._waiting: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []

    def more(self) -> bool:
        """Whether there is another line."""
        if not self._waiting:
            self._waiting.extend([line for line in [next(self._coming, None)] if line is not None])
        return bool(self._waiting)

    def begin(self) -> int:
        """A row begins: the number of its first line."""
        self._taken = []
        return self._waiting[0][0]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self.more():
            raise StopIteration
        self._taken.append(self._waiting.popleft())
        return self._taken[-1][1]

    def retry(self) -> str:
        """Take back all lines of the row but its first, which is returned."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        return self._taken[0][1]

    def fault(self) -> Rejected | None:
        """What is wrong with the row where a line of it is not UTF-8."""
        return next((bad for number, line in self._taken if (bad := undecoded(line, self._path, number))), None)
