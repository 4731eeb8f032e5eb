"""SQL over the tables of a run folder, by DuckDB: a view a table, nothing copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from potstill.errors import InputError, MissingExtraError, StoreError
from potstill.registry import did_you_mean
from potstill.store.artifact import Artifact
from potstill.store.run import Run

PLAIN = ("filter", "generate", "prompts", "evaluate", "prompts.gathered")
"""Stages whose tables have their plain names, the first first; those of others, and names that are taken, have the stage's before them."""
JUDGED = ("verdicts", "decisions")
"""Tables that have their plain names only as the stage `filter` made them."""
QUOTING = "columns that are words of SQL, as by, start and end, are written in double quotes or with their table: v.by"
"""What to do where a statement cannot be parsed."""
SIZE = 8192
"""Rows of a batch."""
WHERE = "potstill query"
_NO_TABLE = re.compile(r"Table with name (?P<name>\S+) does not exist")
_NO_COLUMN = re.compile(r'column (named )?"(?P<name>[^"]*)"')
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


@contextmanager
def query(run: Run, sql: str) -> Iterator[pa.RecordBatchReader]:
    """The outcome of one SQL statement over `views(run)`, a batch of rows at a time, to be read within the block.

    It reads the files of those views and no other, and writes none.

    Args:
        run: its current artifacts are read.
        sql: in DuckDB's dialect.

    Raises:
        MissingExtraError: DuckDB is not installed.
        StoreError: nothing was made yet.
        InputError: the statement is wrong, is no SELECT, or is more than one.
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
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet({_listed(files)})')
        connection.execute(f"SET allowed_paths={_listed(chain.from_iterable(tables.values()))}")
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        try:
            _check_reads(duckdb, connection, sql)
            yield connection.sql(sql).to_arrow_reader(SIZE)
        except (duckdb.Error, pa.ArrowException) as error:
            raise InputError(_without_hints(str(error)), where=WHERE, fix=_advice(duckdb, error, sql, tables)) from None


def columns(files: Sequence[Path]) -> list[str]:
    """The columns of a table."""
    return list(pq.read_schema(files[0]).names)


def _check_reads(duckdb: Any, connection: Any, sql: str) -> None:
    """The statement is one, and only reads."""
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if not kinds:
        raise InputError("the statement gives no table", where=WHERE, fix="begin it with SELECT")
    if len(kinds) > 1:
        raise InputError(f"{len(kinds)} statements, and one is run at a time", where=WHERE, fix="give them one after another")
    if kinds[0] not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        fix = "begin it with SELECT; --out writes its rows to a file"
        raise InputError(f"a statement of the kind {kinds[0].name}, and only SELECT is run here", where=WHERE, fix=fix)


def _advice(duckdb: Any, error: Exception, sql: str, tables: Mapping[str, Sequence[Path]]) -> str:
    """What to do about a statement that failed."""
    if isinstance(error, duckdb.ParserException):
        return QUOTING
    if isinstance(error, duckdb.PermissionException):
        return f"the tables of the run are read, and nothing else: {', '.join(sorted(tables))}"
    if table := _NO_TABLE.search(str(error)):
        return did_you_mean(table["name"], sorted(tables))
    if column := _NO_COLUMN.search(str(error)):
        named = [name for name in tables if re.search(rf"\b{name}\b", sql)]
        known = {column: None for name in named for column in columns(tables[name])}
        return did_you_mean(column["name"], list(known))
    return "`potstill query` with the run folder alone shows the tables and their columns"


def _without_hints(text: str) -> str:
    """DuckDB's message without its own guesses, which are of its inner tables too."""
    return "\n".join(line for line in text.strip().splitlines() if not line.startswith(("Did you mean", "Candidate"))).rstrip("!")


def _listed(paths: Iterable[Path]) -> str:
    return f"[{', '.join(map(_quoted, paths))}]"


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
