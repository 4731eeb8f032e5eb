from __future__ import annotations

import json

import pyarrow as pa
import pytest

from potstill.errors import InputError
from potstill.sources.mined import SCHEMA, mined_file, mined_prompts, mined_table
from potstill.store import tables
from potstill.types import Message, Prompt

FAILED = [
    Prompt((Message("user", "2+2?"),), reference="4", domain="math", grader="number", source="a.jsonl:1"),
    Prompt((Message("user", "How?"),), intent="hazard", family="recipes", half="A", source="b.jsonl:7"),
]


def test_prompts_come_back_as_they_were(tmp_path):
    table = mined_table(FAILED, ["wrong by number", "complied"])
    assert table.schema == SCHEMA
    tables.write(tmp_path / "mined.parquet", table)
    assert list(mined_prompts(tmp_path / "mined.parquet")) == FAILED


def test_half_b_is_neither_written_nor_read(tmp_path):
    bad = Prompt((Message("user", "How?"),), intent="hazard", family="recipes", half="B", source="b.jsonl:8")
    with pytest.raises(InputError, match=r"b\.jsonl:8: a failure at a prompt that only evaluates"):
        mined_table([bad], ["complied"])
    written = tables.from_rows([bad], Prompt).append_column("why", pa.array(["complied"]))
    tables.write(tmp_path / "mined.parquet", written)
    with pytest.raises(InputError, match="only evaluates"):
        list(mined_prompts(tmp_path / "mined.parquet"))


def test_a_file_an_artifact_and_a_run_folder(tmp_path):
    artifact = tmp_path / "mine" / "abc"
    artifact.mkdir(parents=True)
    (artifact / "mined.parquet").write_bytes(b"x")
    (tmp_path / "current.json").write_text(json.dumps({"mine": "mine/abc"}))
    for name in (tmp_path, artifact, artifact / "mined.parquet"):
        assert mined_file(str(name), "here") == artifact / "mined.parquet"
    with pytest.raises(InputError, match="here: no failures were mined here: .*nowhere; mine the run's failures first"):
        mined_file(str(tmp_path / "nowhere"), "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns(["half", "why"]), r"mined\.parquet: no column 'half', 'why' in a table of failures; write"),
        (
            lambda table: table.set_column(0, "id", pa.array([1, 2])),
            r"mined\.parquet: the column 'id' holds int64, not string",
        ),
        (
            lambda table: table.set_column(1, "messages", pa.array([table["messages"][0].as_py(), None], SCHEMA.field("messages").type)),
            r"mined\.parquet row 1: the column 'messages' is null",
        ),
        (lambda table: labelled(table, "intent", "harm"), r"mined\.parquet row 1: unknown intent 'harm'"),
        (lambda table: labelled(table, "half", "b"), r"mined\.parquet row 1: unknown half 'b'"),
    ],
)
def test_a_table_of_another_shape_is_refused(tmp_path, change, message):
    tables.write(tmp_path / "mined.parquet", change(mined_table(FAILED, ["wrong by number", "complied"])))
    with pytest.raises(InputError, match=message):
        list(mined_prompts(tmp_path / "mined.parquet"))


def labelled(table, name, label):
    """The table with another label in its second row."""
    return table.set_column(table.schema.get_field_index(name), name, pa.array([table[name][0].as_py(), label]))
