"""Files of rows."""

from __future__ import annotations

from collections.abc import Iterator

from potstill.sources.labelling import WANTED, prompt_of
from potstill.sources.request import Request
from potstill.recipe.paths import existing
from potstill.registry import part
from potstill.store.artifact import digest_file
from potstill.text.rows import read_rows
from potstill.types import Prompt


@part("source", "file", version="2")
class FileSource:
    """A file of rows: `PATH.jsonl`, `.json`, `.csv`, `.tsv`, `.parquet`, `.txt`; `columns` says which column holds what.

    A prompt whose row names no skill has the file's name, without its ending, as skill.

    Raises:
        InputError: the file is missing or malformed.
    """

    SETTINGS = ()
    COLUMNS = LABELS = WANTED

    def __init__(self, request: Request) -> None:
        self._columns, self._path = request.columns, existing(request.name, request.where)

    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return digest_file(self._path)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in the file's order."""
        for where, row in read_rows(self._path):
            yield prompt_of(row, where, self._columns, skill=self._path.stem)
