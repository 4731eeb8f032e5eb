from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.errors import InputError
from potstill.text.lines import Rejected
from potstill.text.rows import cell, read_rows, sift_rows, value_of

ROWS = [{"a": "1", "b": "x, y"}, {"a": "2", "b": "é\nz"}]


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


FILES = {
    "x.jsonl": "".join(json.dumps(row) + "\n\n" for row in ROWS),
    "lines.json": "\n".join(json.dumps(row) for row in ROWS),
    "list.json": json.dumps(ROWS),
    "pretty.json": json.dumps(ROWS, indent=2),
    "object.json": json.dumps({"canary": "z", "examples": ROWS}),
    "bom.jsonl": "\ufeff" + "".join(json.dumps(row) + "\r\n" for row in ROWS),
    "bom.json": "\ufeff" + json.dumps(ROWS),
    "x.csv": 'a,b\n1,"x, y"\n2,"é\nz"\n',
    "bom.csv": '\ufeffa,b\n1,"x, y"\n2,"é\nz"\n',
    "x.tsv": 'a\tb\n1\tx, y\n2\t"é\nz"\n',
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_rows(tmp_path, name):
    assert [row for _, row in read_rows(written(tmp_path, name, FILES[name]))] == ROWS


def test_parquet(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "x.parquet")
    assert [row for _, row in read_rows(tmp_path / "x.parquet")] == ROWS
    (tmp_path / "y.parquet").write_text("no")
    with pytest.raises(InputError, match="not a Parquet file.*; write it again"):
        list(read_rows(tmp_path / "y.parquet"))
    bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    pq.write_table(pa.table({"a": bad}), tmp_path / "z.parquet")
    with pytest.raises(InputError, match=r"z\.parquet row 0: a text that is not UTF-8"):
        list(read_rows(tmp_path / "z.parquet"))


def test_text_and_bare_lists(tmp_path):
    assert [row for _, row in read_rows(written(tmp_path, "x.txt", "one\n\ntwo\n"))] == [{"prompt": "one"}, {"prompt": "two"}]
    assert [row for _, row in read_rows(written(tmp_path, "x.json", '["one", "two"]'))] == [{"value": "one"}, {"value": "two"}]
    assert [row for _, row in read_rows(written(tmp_path, "bom.txt", "\ufeffone\r\ntwo"))] == [{"prompt": "one"}, {"prompt": "two"}]
    for name in ("empty.jsonl", "empty.json", "empty.csv", "empty.txt"):
        assert list(read_rows(written(tmp_path, name, "\n"))) == []
        assert list(read_rows(written(tmp_path, name, ""))) == []


def test_places(tmp_path):
    path = written(tmp_path, "x.jsonl", FILES["x.jsonl"])
    assert [where for where, _ in read_rows(path)] == [f"{path}:1", f"{path}:3"]
    path = written(tmp_path, "x.csv", 'a,b\n1,"2\n3"\n\n4,5\n')
    assert [where for where, _ in read_rows(path)] == [f"{path}:2", f"{path}:5"]
    path = written(tmp_path, "list.json", FILES["list.json"])
    assert [where for where, _ in read_rows(path)] == [f"{path} row 0", f"{path} row 1"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.jsonl", '{"a": 1}\n{"a": 1,}\n', r"x\.jsonl:2:\d+: malformed JSON"),
        ("x.jsonl", '{"a": 1}\n[1]\n', r"x\.jsonl:2: a JSON object was expected, not list; .* one list of rows ends in \.json"),
        ("x.json", '[\n  {"a": 1},\n  {"a" 2}\n]', r"x\.json:3:8: malformed JSON"),
        ("x.json", '{"a": [], "b": []}', "neither a list of rows"),
        ("x.json", "3", "neither a list of rows"),
        ("x.json", '{"a": 1}\n{"a" 1}', r"x\.json:2:6: malformed JSON"),
        ("x.csv", "a,b,a,,\n1,2,3,,\n", r"x\.csv:1: a column stands twice in the header"),
        ("x.csv", "a,b\n1\n", r"x\.csv:2: the row has not as many cells"),
        ("x.csv", "a,b\n1,2,3\n", "not as many cells"),
        ("x.csv", 'a,b\n1,2\n\n3,"4\n5\n', r"x\.csv:4: malformed table: unexpected end of data; mend the row that begins there"),
        ("x.csv", 'a,b\n1,"2\n3"\n4\n', r"x\.csv:4: the row has not as many cells"),
        ("x.jsonl", '{"a": 1}\n{"a": ' + "[" * 100_000 + "\n", r"x\.jsonl:2: JSON that is nested too deeply; write flat rows"),
        ("x.json", "[" * 100_000, r"x\.json: JSON that is nested too deeply"),
        ("x.jsonl", '{"a": ' + "1" * 5000 + "}", r"x\.jsonl:1: malformed JSON: Exceeds the limit"),
        ("x.xlsx", "", "unknown ending"),
    ],
)
def test_malformed_files(tmp_path, name, text, message):
    with pytest.raises(InputError, match=message):
        list(read_rows(written(tmp_path, name, text)))


def test_missing_and_undecodable(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_rows(tmp_path / "none.jsonl"))
    (tmp_path / "d.jsonl").mkdir()
    with pytest.raises(InputError, match=r"d\.jsonl: cannot be read: Is a directory; give a file"):
        list(read_rows(tmp_path / "d.jsonl"))
    for name in ("x.jsonl", "x.json", "x.csv", "x.txt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + b"\n" * 20_000 + b'{"\xc3\xa9": "\xff"}\n')
        with pytest.raises(InputError, match=rf"{name}:20001:8: not UTF-8; save it as UTF-8"):
            list(read_rows(tmp_path / name))


def test_a_compressed_file_that_is_cut_off_or_is_none(tmp_path):
    whole = gzip.compress(b"".join(b'{"a": %d}\n' % i for i in range(10_000)))
    for name, raw in (("x.jsonl.gz", whole[:-100]), ("y.jsonl.gz", b'{"a": 1}\n'), ("z.jsonl.zst", b'{"a": 1}\n')):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(InputError, match=rf"{name}: cannot be read: .*; it is cut off, damaged or not compressed: compress it again"):
            list(read_rows(tmp_path / name))


def test_a_cell_may_be_long(tmp_path):
    assert [row for _, row in read_rows(written(tmp_path, "x.csv", "a\n" + "x" * 200_000))] == [{"a": "x" * 200_000}]


def test_cells():
    row = {"a": 3, "b": None, "c": "", "d": [1], "e": "x"}
    assert [cell(row, name, "here") for name in "abce"] == ["3", None, None, "x"]
    with pytest.raises(InputError, match="here: no column 'z'; it has 'a', 'b'"):
        cell(row, "z", "here")
    with pytest.raises(InputError, match="holds a list"):
        cell(row, "d", "here")
    with pytest.raises(InputError, match=r"x\.jsonl:3: the column 'a' is not valid Unicode: '\\ud800z'; replace the surrogates"):
        cell({"a": "b\ud800z"}, "a", "x.jsonl:3")


def sifted(path):
    """The rows, and of those set aside place, fault and text."""
    found = [row for _, row in sift_rows(path)]
    rows = [row for row in found if not isinstance(row, Rejected)]
    return rows, [(row.where.removeprefix(str(path)), row.what, row.raw) for row in found if isinstance(row, Rejected)]


def test_malformed_lines_are_set_aside_and_the_rest_is_read(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": }\n\n[1]\n{"b\xff": 2}\n{"a": 3}\n')
    rows, rejected = sifted(path)
    assert rows == [{"a": 1}, {"a": 3}]
    assert rejected == [
        (":2:7", "malformed JSON: Expecting value", '{"a": }'),
        (":4", "a JSON object was expected, not list", "[1]"),
        (":5:4", "not UTF-8", '{"b\\xff": 2}\n'),
    ]
    (tmp_path / "y.txt").write_bytes(b"one\n\xff\nthree\n")
    rows, rejected = sifted(tmp_path / "y.txt")
    assert rows == [{"prompt": "one"}, {"prompt": "three"}]
    assert [where for where, *_ in rejected] == [":2:1"]


def test_lines_that_end_as_json_are_sifted_too(tmp_path):
    rows, rejected = sifted(written(tmp_path, "x.json", '{"a": 1}\n{"a" 1}\n{"a": 2}\n'))
    assert rows == [{"a": 1}, {"a": 2}]
    assert [where for where, *_ in rejected] == [":2:6"]


def test_one_text_of_a_parquet_table_that_is_not_utf8(tmp_path):
    good, bad = pa.array(["x", "y"]), pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    pq.write_table(pa.table({"a": pa.chunked_array([good, bad, good])}), tmp_path / "x.parquet")
    rows, rejected = sifted(tmp_path / "x.parquet")
    assert rows == [{"a": "x"}, {"a": "y"}] * 2
    assert [(where, what) for where, what, _ in rejected] == [(" row 2", "a text that is not UTF-8")]


def test_values_within_values():
    row = {"q": {"stem": "a?", "choices": [{"text": "x"}]}, "a.b": 1}
    assert value_of(row, "q.stem", "here") == "a?"
    assert value_of(row, "q.choices.0.text", "here") == "x"
    assert cell(row, "a.b", "here") == "1"
    for name in ("q.stm", "q.choices.1", "q.stem.0"):
        with pytest.raises(InputError, match=f"here: no column '{name}'; it has 'q', 'a.b'"):
            value_of(row, name, "here")
