from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from potstill.errors import InputError, MissingExtraError, StoreError
from potstill.store import Quiet, Run, querying
from potstill.store.querying import views
from tests.store import still
from tests.store.records import made


def query(run, sql):
    with querying.query(run, sql) as found:
        return found.read_all()


def test_every_table_has_a_view(tmp_path):
    run = made(tmp_path / "run", parts={1: "noise"})
    names = set(views(run))
    assert {"prompts", "traces", "scorings", "teachers", "verdicts", "decisions"} <= names
    found = query(run, "select part, count(*) as n from decisions group by part order by part").to_pylist()
    assert [row["part"] for row in found] == ["keep", "noise"]
    assert sum(row["n"] for row in found) == len(query(run, "select * from traces"))


def test_tables_join(tmp_path):
    run = made(tmp_path / "run", parts={1: "noise"})
    sql = "select p.source, d.part from decisions d join traces t on t.id = d.trace_id join prompts p on p.id = t.prompt_id"
    assert len(query(run, sql)) == len(query(run, "select * from traces"))


def test_names_that_are_taken_have_the_stage_before_them(tmp_path):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    for stage in ("prompts", "filter", "filter.answer"):
        still.perform(run, stage, lambda workspace, stage=stage: _write(workspace, stage))
    assert {"verdicts", "prompts_verdicts", "filter_answer_verdicts"} <= set(views(run))
    assert query(run, "select stage from verdicts").to_pylist() == [{"stage": "filter"}] * 2
    assert query(run, "select stage from prompts_verdicts").to_pylist() == [{"stage": "prompts"}] * 2


def _write(workspace, stage):
    for shard in range(2):
        workspace.write_table("verdicts", pa.table({"stage": [stage]}), shard)
    return {}


WRONG = [
    ("selec 1", "syntax error"),
    ("select finish_reson from traces", "\"finish_reson\" not found.*did you mean 'finish_reason'"),
    ("select t.prompt from traces t", "prompt_id"),
    ("select * from verdict", "verdict does not exist.*did you mean 'verdicts'"),
    ("select cast(text as int) from traces", "could not convert|Could not convert"),
    ("", "gives no table"),
    ("select 1; select 2", "2 statements, and one is run at a time"),
]


@pytest.mark.parametrize(("sql", "told"), WRONG)
def test_wrong_statements(tmp_path, sql, told):
    with pytest.raises(InputError, match=f"(?s){told}") as caught:
        query(made(tmp_path / "run"), sql)
    assert "pg_" not in str(caught.value)  # DuckDB's guesses


CLOSED = [
    "copy traces to '{out}'",
    "copy (select 1) to '{table}'",
    "attach '{out}' as other",
    "export database '{out}'",
    "install httpfs",
    "set threads = 1",
    "drop view traces",
    "create table x as select 1",
    "select * from read_csv('{outside}')",
    "select * from '{outside}'",
    "select * from glob('{outside}')",
]


@pytest.mark.parametrize("sql", CLOSED)
def test_a_query_reads_the_tables_of_its_run_and_nothing_else(tmp_path, sql):
    run, outside, out = made(tmp_path / "run"), tmp_path / "outside.csv", tmp_path / "out"
    outside.write_text("a\n1\n")
    (table, *_) = views(run)["traces"]
    before = table.read_bytes()
    with pytest.raises(InputError, match=r"only SELECT is run|the tables of the run are read|does not exist"):
        query(run, sql.format(out=out, outside=outside, table=table))
    assert not out.exists()
    assert table.read_bytes() == before
    assert len(query(run, "select * from traces")) > 0


def test_memory_does_not_grow_with_the_rows(tmp_path):
    with querying.query(made(tmp_path / "run"), "select range as n from range(3000000)") as found:
        before = pa.total_allocated_bytes()
        most = max(pa.total_allocated_bytes() - before + batch.nbytes for batch in found)
    assert most < 2**20


def test_an_empty_run(tmp_path):
    with pytest.raises(StoreError, match="nothing made here yet"):
        query(Run.open(still.recipe(), out=tmp_path / "run", log=Quiet()), "select 1")


def test_without_duckdb(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match="query"):
        query(made(tmp_path / "run"), "select 1")
