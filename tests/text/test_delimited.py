from __future__ import annotations

import pytest

from potstill.errors import InputError
from potstill.text.delimited import Layout, read_delimited
from potstill.text.lines import Rejected


def read(tmp_path, text, delimiter=",", **layout):
    path = tmp_path / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = list(read_delimited(path, delimiter, Layout(**layout)))
    rows = [row for _, row in found if not isinstance(row, Rejected)]
    rejected = [(row.where.removeprefix(f"{path}:"), row.what) for _, row in found if isinstance(row, Rejected)]
    return rows, rejected


def test_a_row_with_other_cells_is_set_aside_and_the_rest_is_read(tmp_path):
    rows, rejected = read(tmp_path, "a,b\n1,2\n3\n4,5,6\n\n7,8\n")
    assert rows == [{"a": "1", "b": "2"}, {"a": "7", "b": "8"}]
    assert rejected == [("3", "the row has not as many cells as the header"), ("4", "the row has not as many cells as the header")]


def test_a_quote_that_is_not_closed_takes_its_own_line_alone(tmp_path):
    rows, rejected = read(tmp_path, 'a,b\n1,"2\n3,4\n5,6\n')
    assert rows == [{"a": "3", "b": "4"}, {"a": "5", "b": "6"}]
    assert rejected == [("2", "malformed table: unexpected end of data")]
    rows, rejected = read(tmp_path, 'a,b\n1,"2\n3,4\n5,"6"\n"7\n8",9\n')
    assert rows == [{"a": "3", "b": "4"}, {"a": "5", "b": "6"}, {"a": "7\n8", "b": "9"}]
    assert [where for where, _ in rejected] == ["2"]


def test_a_byte_that_is_not_utf8_is_told_with_line_and_column(tmp_path):
    rows, rejected = read(tmp_path, b'a,b\n1,2\n"3\n\xff",4\n5,6\n')
    assert rows == [{"a": "1", "b": "2"}, {"a": "5", "b": "6"}]
    assert rejected == [("4:1", "not UTF-8")]


def test_without_a_header_columns_have_numbers(tmp_path):
    rows, rejected = read(tmp_path, "x\ty\n\nz\tw\nv\n", "\t", header=False)
    assert rows == [{"#1": "x", "#2": "y"}, {"#1": "z", "#2": "w"}]
    assert rejected == [("4", "the row has not as many cells as the first")]


def test_quotes_and_escapes_as_the_layout_says(tmp_path):
    text = 'a\tb\n"one" two\tx\\ny\\tz\n'
    rows, rejected = read(tmp_path, text, "\t", quotes=False)
    assert (rows, rejected) == ([{"a": '"one" two', "b": "x\\ny\\tz"}], [])
    rows, _ = read(tmp_path, text, "\t", quotes=False, escapes=True)
    assert rows[0]["b"] == "x\ny\tz"
    assert read(tmp_path, text, "\t")[1] == [("2", "malformed table: '\t' expected after '\"'")]


@pytest.mark.parametrize("text", ["a,b,a\n1,2,3\n", b"a,\xff\n1,2\n", 'a,"b\n'])
def test_a_header_that_cannot_be_read_stops(tmp_path, text):
    with pytest.raises(InputError, match=r"x\.csv:1"):
        read(tmp_path, text)
