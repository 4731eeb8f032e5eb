"""Rows on standard input."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from potstill.errors import InputError, RecipeError
from potstill.registry import did_you_mean, part
from potstill.sources.labelling import WANTED, prompt_of, sifted
from potstill.sources.request import Request, Say
from potstill.store.artifact import digest_file
from potstill.store.atomic import whole_file
from potstill.text.lines import Rejected
from potstill.text.rows import ENDINGS, read_rows, sift_rows
from potstill.types import Prompt

NAME = "stdin"
FORMATS = tuple(one.removeprefix(".") for one in ENDINGS)


@part("source", "stdin", version="3")
class StdinSource:
    """Rows on standard input, in the format named: `stdin:jsonl` (or `-`), `stdin:txt`; `columns` says which column holds what.

    A run keeps what it read as `stdin.jsonl` in its folder, and reads that where nothing comes any more: a run that is resumed, and a stage
    that is made later, need not be fed again.

    Raises:
        RecipeError: no format of that name.
        InputError: nothing comes in and nothing is kept, or it is malformed.
    """

    SETTINGS = ()
    COLUMNS = LABELS = WANTED

    def __init__(self, request: Request) -> None:
        self._columns, self._where, self._format = request.columns, request.where, request.name or "jsonl"
        self._path: Path | None = None
        if self._format not in FORMATS:
            raise RecipeError(f"unknown format {self._format!r}", where=request.where, fix=did_you_mean(self._format, list(FORMATS)))

    def keep(self, folder: Path, say: Say) -> None:
        """Write what comes in, up to its end, to the run folder; where nothing does, what is kept there is read, and that is told.

        Raises:
            InputError: there is neither.
        """
        path = folder / f"{NAME}.{self._format}"
        came = False
        if not _interactive():
            say(f"{self._where}: reading standard input until it ends")
            came = _write(path)
        if not path.is_file():
            fix = "pipe the rows in, as in `potstill run recipe.toml < rows.jsonl`"
            raise InputError("nothing comes in on standard input", where=self._where, fix=fix)
        if not came:
            say(f"{self._where}: nothing comes in on standard input; what came in before is read: {path}")
        self._path = path

    def fingerprint(self) -> str:
        """SHA-256 of what was kept."""
        return digest_file(self._kept())

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in their order."""
        for where, row in read_rows(self._kept()):
            yield prompt_of(row, where, self._columns, NAME)

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `prompts`, with what is wrong with malformed rows in their places."""
        for where, row in sift_rows(self._kept()):
            yield sifted(row, where, self._columns, NAME)

    def _kept(self) -> Path:
        if self._path is None:
            raise InputError("standard input is read by runs alone", where=self._where, fix="put the rows in a file for this command")
        return self._path


def _interactive() -> bool:
    """Whether a person sits there, or nothing is connected."""
    return sys.stdin is None or sys.stdin.closed or sys.stdin.isatty()


def _write(path: Path) -> bool:
    """Write all that comes in to a file, whole or not at all; nothing where nothing comes. Whether anything came."""
    first = sys.stdin.buffer.read(1 << 16)
    if first:
        with whole_file(path) as temporary, temporary.open("wb") as file:
            file.write(first)
            shutil.copyfileobj(sys.stdin.buffer, file)
    return bool(first)
