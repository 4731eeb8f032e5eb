"""Files of rows."""

from __future__ import annotations

from collections.abc import Iterator

from potstill.errors import RecipeError
from potstill.registry import part
from potstill.sources.files import files_of, fingerprint_of, plain_name
from potstill.sources.labelling import WANTED, prompt_of, sifted
from potstill.sources.request import Request
from potstill.text.delimited import Layout
from potstill.text.lines import Rejected
from potstill.text.rows import read_rows, sift_rows
from potstill.types import Prompt

WORDS = {"yes": True, "no": False}


@part("source", "file", version="5")
class FileSource:
    r"""Files of rows: `PATH.jsonl`, `.json`, `.csv`, `.tsv`, `.parquet`, `.txt`, or `.gz` and `.zst` of these; a folder; or `FOLDER/*.csv`.

    `columns` says which column holds what. Of a folder all such files are read, by name. For tables in text, `?header=no`: the columns are
    called `#1`, `#2`, …; `quotes=no`: a quotation mark is a character like any other; `escapes=yes`: `\n` stands for a line break. A prompt
    whose row names no skill has the file's name, without its ending, as skill.

    Raises:
        RecipeError: a setting is neither `yes` nor `no`.
        InputError: a file is missing or malformed.
    """

    SETTINGS = ("header", "quotes", "escapes")
    COLUMNS = LABELS = WANTED

    def __init__(self, request: Request) -> None:
        self._columns, self._files = request.columns, files_of(request.name, request.where)
        self._layout = Layout(**{name: _choice(name, text, request.where) for name, text in request.settings.items()})

    def fingerprint(self) -> str:
        """SHA-256 of the file, or of the names and hashes of several."""
        return fingerprint_of(self._files)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in the files' order."""
        for path in self._files:
            for where, row in read_rows(path, self._layout):
                yield prompt_of(row, where, self._columns, plain_name(path))

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `prompts`, with what is wrong with malformed rows in their places."""
        for path in self._files:
            for where, row in sift_rows(path, self._layout):
                yield sifted(row, where, self._columns, plain_name(path))


def _choice(name: str, text: str, where: str) -> bool:
    if text not in WORDS:
        raise RecipeError(f"{name}={text} is neither yes nor no", where=where, fix=f"write {name}=no or {name}=yes")
    return WORDS[text]
