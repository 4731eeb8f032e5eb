from __future__ import annotations

import pyarrow as pa

from potstill.prompts.sheets import ROWS, Sheets
from potstill.store import Workspace

SCHEMA = pa.schema([("id", pa.string()), ("source", pa.string())])


def rows(start, stop):
    return pa.table({"id": [str(n) for n in range(start, stop)], "source": [f"x:{n}" for n in range(start, stop)]}, schema=SCHEMA)


def test_parts_are_of_one_size_whatever_comes(tmp_path):
    workspace, end = Workspace(tmp_path), 2 * ROWS + 5
    sheets = Sheets(workspace, "t", SCHEMA)
    for start in range(0, end, 999):
        sheets.add(rows(start, min(start + 999, end)))
    assert sheets.source_of("3") == "x:3"
    assert sheets.source_of(str(end - 1)) == f"x:{end - 1}"
    assert sheets.source_of("no") == ""
    assert sheets.close() == end
    assert workspace.table("t").equals(rows(0, end))
    assert workspace.has_table("t", 2)
    assert not workspace.has_table("t", 3)


def test_a_table_without_rows_is_written_once(tmp_path):
    assert Sheets(Workspace(tmp_path), "t", SCHEMA).close() == 0
    assert Workspace(tmp_path).table("t").schema == SCHEMA
    full = Sheets(Workspace(tmp_path), "u", SCHEMA)
    full.add(rows(0, ROWS))
    full.close()
    assert not Workspace(tmp_path).has_table("u", 1)
