from __future__ import annotations

import json

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
    tables.write(tmp_path / "mined.parquet", tables.from_rows([bad], Prompt))
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
