"""What a round leaves for the next: prompts at which the student failed, in one table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc

from potstill.attacks import only_evaluates
from potstill.errors import InputError
from potstill.recipe.paths import expand
from potstill.store import tables
from potstill.store.run import CURRENT
from potstill.types import Half, Intent, Prompt

STAGE, TABLE = "mine", "mined"
SCHEMA = tables.SCHEMAS[Prompt].append(pa.field("why", pa.string()))
"""A row a prompt: the columns of prompts, and in which way the student failed at it."""
FILLED = ("messages", "domain", "skill", "intent", "choices", "language", "labelled_by", "source", "licence", "why")
"""The columns that hold something in every row, if only an empty text; null in the others is what is not known, or does not apply."""


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
        InputError: the table does not have the columns `SCHEMA`, a row lacks what every row has, or a prompt only evaluates.
        StoreError: the table is damaged.
    """
    with tables.open_table(path, "write it again") as file:
        _check_columns(file.schema_arrow, path)
        first = 0
        for batch in file.iter_batches(batch_size=1024):
            _check_values(batch, path, first)
            first += len(batch)
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


def _check_columns(found: pa.Schema, path: Path) -> None:
    """Every column of `SCHEMA` is there, with its type: without the labels nobody could tell what only evaluates."""
    fix = "write it as docs/05_data.md says"
    missing = [name for name in SCHEMA.names if name not in found.names]
    if missing:
        raise InputError(f"no column {', '.join(map(repr, missing))} in a table of failures", where=str(path), fix=fix)
    for field in SCHEMA:
        has = found.field(field.name).type
        if has != field.type:
            raise InputError(f"the column {field.name!r} holds {has}, not {field.type}", where=str(path), fix=fix)


def _check_values(batch: pa.RecordBatch, path: Path, first: int) -> None:
    """Nothing is null that is never null in a prompt, and labels are those that there are; `first` is the number of the first row."""
    fix = "write it as docs/05_data.md says"
    for name in FILLED:
        empty = pc.index(pc.is_null(batch[name]), True).as_py()
        if empty >= 0:
            raise InputError(f"the column {name!r} is null", where=f"{path} row {first + empty}", fix=fix)
    for name, known in (("intent", get_args(Intent)), ("half", (*get_args(Half), None))):
        odd = pc.index(pc.is_in(batch[name], pa.array(known)), False).as_py()
        if odd >= 0:
            raise InputError(f"unknown {name} {batch[name][odd].as_py()!r}", where=f"{path} row {first + odd}", fix=fix)


def _check(prompts: Iterable[Prompt]) -> None:
    for prompt in prompts:
        if only_evaluates(prompt):
            fix = "mine failures on families of half A alone"
            raise InputError(f"a failure at a prompt that only evaluates: {prompt.id}", where=prompt.source, fix=fix)
