"""What a round leaves for the next: prompts at which the student failed, in one table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from potstill.attacks import only_evaluates
from potstill.errors import InputError
from potstill.recipe.paths import expand
from potstill.store import tables
from potstill.store.run import CURRENT
from potstill.types import Prompt

STAGE, TABLE = "mine", "mined"
SCHEMA = tables.SCHEMAS[Prompt].append(pa.field("why", pa.string()))
"""A row a prompt: the columns of prompts, and in which way the student failed at it."""


def mined_table(prompts: Sequence[Prompt], why: Sequence[str]) -> pa.Table:
    """[prompts] the table of failures, with the columns `SCHEMA`.

    Args:
        prompts: at which the student failed.
        why: of each, in a clause.

    Raises:
        InputError: a prompt only evaluates: nothing of it may go into training.
    """
    _check(prompts)
    return tables.from_rows(prompts, Prompt).append_column(SCHEMA.field("why"), pa.array(why, pa.string()))


def mined_prompts(path: Path) -> Iterator[Prompt]:
    """The prompts of a table of failures.

    Raises:
        InputError: a prompt only evaluates.
        StoreError: the table is damaged.
    """
    with tables.open_table(path, "write it again") as file:
        for batch in file.iter_batches(batch_size=1024):
            found = list(tables.rows(pa.Table.from_batches([batch]), Prompt))
            _check(found)
            yield from found


def mined_file(name: str, where: str) -> Path:
    """The table of failures of a run folder, of an artifact's folder, or the file itself.

    Raises:
        InputError: there is none.
    """
    place = Path(expand(name))
    for path in (place, place / tables.file_name(TABLE), place / _current(place) / tables.file_name(TABLE)):
        if path.is_file():
            return path
    fix = f"mine the run's failures first, or name a file {tables.file_name(TABLE)}"
    raise InputError(f"no failures were mined here: {place}", where=where, fix=fix)


def _current(folder: Path) -> str:
    """The place of the current artifact of the stage in a run folder; empty where there is none."""
    try:
        return str(json.loads((folder / CURRENT).read_text(encoding="utf-8")).get(STAGE, ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _check(prompts: Iterable[Prompt]) -> None:
    for prompt in prompts:
        if only_evaluates(prompt):
            fix = "mine failures on families of half A alone"
            raise InputError(f"a failure at a prompt that only evaluates: {prompt.id}", where=prompt.source, fix=fix)
