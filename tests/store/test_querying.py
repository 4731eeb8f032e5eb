from __future__ import annotations

import sys

import pytest

from potstill.errors import InputError, MissingExtraError, StoreError
from potstill.store import Quiet, Run
from potstill.store.querying import query, views
from tests.store import still
from tests.store.records import made


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
    import pyarrow as pa

    for shard in range(2):
        workspace.write_table("verdicts", pa.table({"stage": [stage]}), shard)
    return {}


WRONG = [("selec 1", "syntax error"), ("select x from traces", '"x" not found'), ("", "gives no table")]


@pytest.mark.parametrize(("sql", "told"), WRONG)
def test_wrong_statements(tmp_path, sql, told):
    with pytest.raises(InputError, match=told):
        query(made(tmp_path / "run"), sql)


def test_an_empty_run(tmp_path):
    with pytest.raises(StoreError, match="nothing made here yet"):
        query(Run.open(still.recipe(), out=tmp_path / "run", log=Quiet()), "select 1")


def test_without_duckdb(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match="query"):
        query(made(tmp_path / "run"), "select 1")
