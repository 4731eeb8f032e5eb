"""Lines of a text file, and what is said of one that is malformed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from potstill.errors import InputError

COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
"""Endings of compressed files, and what compresses them so."""
MOST_RAW = 4096
"""Characters that are kept of a malformed row."""
_UNDECODED = re.compile(r"[\udc80-\udcff]")
"""What a byte that is not UTF-8 is read as; no text in UTF-8 holds it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    r"""A row that cannot be used.

    Attributes:
        where: its place.
        what: what is wrong with it, in a clause.
        fix: what to do about it.
        raw: the row as it stands in the file, its first characters; a byte that is not UTF-8 is written as `\xff`.
    """

    where: str
    what: str
    fix: str = ""
    raw: str = ""

    @classmethod
    def of(cls, error: InputError, raw: str = "") -> Rejected:
        """The row that an error is about."""
        return cls(error.where, error.what, error.fix, readable(raw))

    @property
    def error(self) -> InputError:
        """What is raised where no row may be set aside."""
        return InputError(self.what, where=self.where, fix=self.fix)


def readable(text: str) -> str:
    """The first characters of a text, as they can be written in UTF-8."""
    cut = text[:MOST_RAW]
    try:
        return cut.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that JSON spelt out
        return cut.encode("utf-8", "backslashreplace").decode()


def ending(path: Path) -> str:
    """The ending that tells the format: `.jsonl` of `a.jsonl.gz`."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED else suffix


def lines_of(path: Path, newline: str | None = None) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1, without a byte-order mark; a byte that is not UTF-8 is read as a surrogate.

    Args:
        path: the file; one that ends as in `COMPRESSED` is decompressed.
        newline: as in `open`.
    """
    with _opened(path, newline) as file:
        yield from enumerate(file, start=1)


def _opened(path: Path, newline: str | None) -> TextIOWrapper:
    kind = COMPRESSED.get(path.suffix.lower())
    if kind is None:
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline)
    import pyarrow as pa

    return TextIOWrapper(pa.CompressedInputStream(pa.OSFile(str(path)), kind), "utf-8-sig", "surrogateescape", newline)


def undecoded(line: str, path: Path, number: int) -> Rejected | None:
    """What is wrong with a line that is not UTF-8, with line and column; None where it is."""
    bad = _UNDECODED.search(line)
    return None if bad is None else Rejected(f"{path}:{number}:{bad.start() + 1}", "not UTF-8", "save it as UTF-8", readable(line))
