"""The tables are read by DuckDB and polars without potstill, and the queries in the document run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.store import tables
from potstill.store.run import Run
from tests.house import tree
from tests.store.records import made

DOCUMENT = (tree.ROOT / "docs" / "05_data.md").read_text(encoding="utf-8")
SQL = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
TABLES = {
    "prompts": "prompts",
    "traces": "generate",
    "scorings": "generate",
    "teachers": "generate",
    "verdicts": "filter",
    "decisions": "filter",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return made(Path("runs/demo"), parts={1: "noise"})


@pytest.fixture
def duckdb() -> Any:
    return pytest.importorskip("duckdb", reason="duckdb is not installed: pip install 'potstill[query]'")


@pytest.fixture
def polars() -> Any:
    return pytest.importorskip("polars", reason="polars is not installed: pip install 'potstill[query]'")


def plain(value: Any) -> Any:
    """A value as every reader gives it: lists, and numbers as float32 holds them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", TABLES)
def test_duckdb_reads_every_column(name: str, run: Run, duckdb: Any) -> None:
    expected = run.artifact(TABLES[name]).table(name)
    found = duckdb.sql(f"SELECT * FROM '{run.artifact(TABLES[name]).folder}/{name}*.parquet'").to_arrow_table()
    assert found.column_names == expected.column_names
    assert plain(found.to_pylist()) == plain(expected.to_pylist())


@pytest.mark.parametrize("name", TABLES)
def test_polars_reads_every_column(name: str, run: Run, polars: Any) -> None:
    expected = run.artifact(TABLES[name]).table(name)
    found = polars.read_parquet(f"{run.artifact(TABLES[name]).folder}/{name}*.parquet")
    assert found.columns == expected.column_names
    assert plain(found.to_dicts()) == plain(expected.to_pylist())


def test_every_codec_is_read(tmp_path: Path, duckdb: Any, polars: Any) -> None:
    """Places that are not filled, and hidden states, come through as they were written."""
    ones, ids = np.ones(2, np.int32), np.array([[3, -1], [2, 1]], np.int32)
    log_p = np.array([[-0.5, -np.inf], [-1.0, -1.5]], np.float32)
    sampled = Outlook(log_p[:, 0], ones, ids, log_p, np.zeros(2, np.float32), codec="sampled")
    empty = np.zeros((2, 0))
    hidden = Outlook(
        log_p[:, 0],
        ones,
        empty.astype(np.int32),
        empty.astype(np.float32),
        np.ones(2, np.float32),
        np.array([[0.5, 1.0, 2.0]] * 2, np.float32),
        "hidden_states",
    )
    scorings = [Scoring("t", "a", "sampled", outlook) for outlook in (sampled, hidden)]
    tables.write(tmp_path / "scorings.parquet", to_table(scorings))
    expected = tables.read(tmp_path / "scorings.parquet").to_pylist()
    assert duckdb.sql(f"SELECT * FROM '{tmp_path}/scorings.parquet'").to_arrow_table().to_pylist() == expected
    assert polars.read_parquet(tmp_path / "scorings.parquet").to_dicts() == expected
    assert {len(row["hidden"]) for row in expected} == {0, 6}


@pytest.mark.parametrize("query", SQL, ids=lambda query: query.partition("\n")[0])
def test_the_documents_sql_runs(query: str, run: Run, duckdb: Any) -> None:
    assert duckdb.sql(query).fetchall()


def test_the_documents_sql_counts_what_is_there(run: Run, duckdb: Any) -> None:
    why, costs, _, tokens = (duckdb.sql(query).fetchall() for query in SQL)
    assert why == [("noise", "b: because", 2)]
    assert [row[:3] for row in costs] == [("hf:one", 4, 8), ("hf:two", 4, 8)]
    assert len(tokens) == 16
    assert all(top + tail == pytest.approx(1.0, abs=0.01) for *_, top, tail in tokens)


def test_the_documents_polars_runs(run: Run, polars: Any) -> None:
    names: dict[str, Any] = {}
    exec(next(block for block in PYTHON if "polars" in block), names)
    assert sorted(names["lengths"].rows()) == [("hf:one", 3, 2.0), ("hf:two", 3, 2.0)]


def test_the_documents_nested_view_runs(run: Run) -> None:
    names: dict[str, Any] = {}
    exec(next(block for block in PYTHON if "nested" in block), names)
    assert names["prompt"]["completions"]
