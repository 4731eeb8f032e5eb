from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from potstill.errors import InputError
from potstill.text.lines import MOST_RAW, Rejected, ending, lines_of, readable, undecoded


def test_what_is_said_of_a_row_is_the_error_of_it():
    error = InputError("no column 'a'", where="x.jsonl:3", fix="map it")
    row = Rejected.of(error, "{}")
    assert row == Rejected("x.jsonl:3", "no column 'a'", "map it", "{}")
    assert str(row.error) == str(error)


def test_raw_text_is_cut_and_can_always_be_written():
    assert readable("x" * (MOST_RAW + 1)) == "x" * MOST_RAW
    assert readable("a\udcffb") == r"a\xffb"
    assert readable("a\ud800b") == r"a\ud800b"


@pytest.mark.parametrize(("name", "expected"), [("a.jsonl", ".jsonl"), ("a.JSONL.GZ", ".jsonl"), ("a.csv.zst", ".csv"), ("a.gz", "")])
def test_the_ending_that_counts(name, expected):
    assert ending(Path(name)) == expected


def test_lines_have_numbers_and_no_byte_order_mark(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert list(lines_of(tmp_path / "x.txt")) == [(1, "one\n"), (2, "two\n")]
    assert list(lines_of(tmp_path / "x.txt", newline="")) == [(1, "one\r\n"), (2, "two\n")]


def test_compressed_lines(tmp_path):
    import pyarrow as pa

    (tmp_path / "x.txt.gz").write_bytes(gzip.compress("één\ntwee\n".encode()))
    with pa.CompressedOutputStream(str(tmp_path / "x.txt.zst"), "zstd") as file:
        file.write("één\ntwee\n".encode())
    for name in ("x.txt.gz", "x.txt.zst"):
        assert [line for _, line in lines_of(tmp_path / name)] == ["één\n", "twee\n"]


def test_a_line_that_is_not_utf8_is_told_with_its_column(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"good\nb\xffd\n")
    (_, good), (number, bad) = lines_of(tmp_path / "x.txt")
    assert undecoded(good, tmp_path, 1) is None
    told = undecoded(bad, Path("x.txt"), number)
    assert told == Rejected("x.txt:2:2", "not UTF-8", "save it as UTF-8", "b\\xffd\n")
