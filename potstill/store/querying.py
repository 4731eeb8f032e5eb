"""SQL over the tables of a run folder, by DuckDB: a view a table, nothing copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from potstill.errors import InputError, MissingExtraError, StoreError
from potstill.store.artifact import Artifact
from potstill.store.run import Run

PLAIN = ("filter", "generate", "prompts", "evaluate", "prompts.gathered")
"""Stages whose tables have their plain names, the first first; those of others, and names that are taken, have the stage's before them."""
JUDGED = ("verdicts", "decisions")
"""Tables that have their plain names only as the stage `filter` made them."""
QUOTING = "columns that are words of SQL, as by, start and end, are written in double quotes or with their table: v.by"
"""What to do where a statement cannot be parsed."""
_SHARD = re.compile(r"(?P<name>.+?)(?:-\d{5,})?\.parquet")


def views(run: Run) -> dict[str, list[Path]]:
    """The name of each view -> the Parquet files of its table, over the run's current artifacts.

    `prompts`, `traces`, `scorings`, `teachers`, `verdicts`, `decisions`, …; what the stage `prompts` said of prompts is `prompts_verdicts`
    and `prompts_decisions`, what a filter thinks is `filter_answer_opinions`.
    """
    made = run.artifacts()
    order = [*(stage for stage in PLAIN if stage in made), *sorted(made.keys() - set(PLAIN))]
    found: dict[str, list[Path]] = {}
    for stage in order:
        for name, files in _tables(made[stage]).items():
            plain = stage in PLAIN and name not in found and (name not in JUDGED or stage == "filter")
            found[name if plain else f"{re.sub(r'[^a-z0-9]+', '_', stage)}_{name}"] = files
    return found


def query(run: Run, sql: str) -> pa.Table:
    """The outcome of one SQL statement over `views(run)`.

    Args:
        run: its current artifacts are read.
        sql: in DuckDB's dialect.

    Raises:
        MissingExtraError: DuckDB is not installed.
        StoreError: nothing was made yet.
        InputError: the statement is wrong, or gives no rows and columns.
    """
    try:
        duckdb = import_module("duckdb")
    except ImportError:
        raise MissingExtraError.of("duckdb", "query", "potstill query") from None
    tables = views(run)
    if not tables:
        raise StoreError("nothing made here yet", where=str(run.folder), fix=f"`potstill run {run.folder}` makes it")
    with duckdb.connect() as connection:
        for name, files in tables.items():
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{", ".join(map(_quoted, files))}])')
        return _outcome(duckdb, connection, sql, sorted(tables))


def _outcome(duckdb: Any, connection: Any, sql: str, names: list[str]) -> pa.Table:
    try:
        relation = connection.sql(sql)
    except duckdb.Error as error:
        fix = QUOTING if isinstance(error, duckdb.ParserException) else f"the tables are {', '.join(names)}"
        raise InputError(str(error).strip(), where="potstill query", fix=fix) from None
    if relation is None:
        raise InputError("the statement gives no table", where="potstill query", fix="begin it with SELECT")
    found: pa.Table = relation.to_arrow_table()
    return found


def _quoted(path: Path) -> str:
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def _tables(artifact: Artifact) -> dict[str, list[Path]]:
    """Table -> its files, shards in order."""
    found: dict[str, list[Path]] = {}
    for name, path in _parquet(artifact):
        found.setdefault(name, []).append(path)
    return found


def _parquet(artifact: Artifact) -> Iterator[tuple[str, Path]]:
    for file in sorted(artifact.manifest.files):
        match = _SHARD.fullmatch(file)
        if match and "/" not in file:
            yield match["name"], artifact.folder / file
