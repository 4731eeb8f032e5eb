"""Failures of an earlier round."""

from __future__ import annotations

from collections.abc import Iterator

from potstill.registry import part
from potstill.sources.mined import mined_file, mined_prompts
from potstill.sources.request import Request
from potstill.store.artifact import digest_file
from potstill.types import Prompt


@part("source", "mined")
class MinedSource:
    """Prompts at which the student of an earlier run failed: `mined:RUN_FOLDER`, or `mined:FILE.parquet`.

    Half B of the hazards and of the attack families is never among them. Labels are those that the prompts had.

    Raises:
        InputError: nothing was mined there, or a prompt only evaluates.
    """

    SETTINGS = COLUMNS = LABELS = ()

    def __init__(self, request: Request) -> None:
        self._path = mined_file(request.name, request.where)

    def fingerprint(self) -> str:
        """SHA-256 of the table."""
        return digest_file(self._path)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt a row, in the table's order."""
        return mined_prompts(self._path)
