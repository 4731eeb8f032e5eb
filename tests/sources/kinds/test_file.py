from __future__ import annotations

import gzip

import pytest

from potstill.errors import InputError, RecipeError
from potstill.sources.request import Rejected, open_source


def read(spec, columns=None):
    return list(open_source(spec, "prompts.sources", columns or {}).source.prompts())


def test_rows_become_prompts(tmp_path):
    path = tmp_path / "sums.csv"
    path.write_text("question,answer\n1+1?,2\n2+2?,4\n")
    prompts = read(str(path), {"prompt": "question", "reference": "answer"})
    assert [(p.question, p.reference, p.skill, p.source) for p in prompts] == [
        ("1+1?", "2", "sums", f"{path}:2"),
        ("2+2?", "4", "sums", f"{path}:3"),
    ]


def test_the_fingerprint_is_of_the_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("a\n")
    before = open_source(str(path), "here", {}).source.fingerprint()
    path.write_text("b\n")
    assert open_source(str(path), "here", {}).source.fingerprint() != before


def test_a_missing_file(monkeypatch):
    monkeypatch.setenv("POTSTILL_DATA", "elsewhere")
    with pytest.raises(InputError, match=r"no such file or folder: elsewhere/x\.csv; set POTSTILL_DATA"):
        read("${POTSTILL_DATA}/x.csv")


def test_a_folder_without_files_and_an_empty_name(tmp_path):
    (tmp_path / "d.jsonl").mkdir()
    for spec in (str(tmp_path), f"{tmp_path}/d.jsonl", f"{tmp_path}/*.csv"):
        with pytest.raises(InputError, match="prompts.sources .*: no file that can be read: .*; known endings are .csv, "):
            read(spec)
    with pytest.raises(InputError, match="prompts.sources '': no file is named"):
        read("")


def test_a_surrogate_is_told_with_its_line(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": "\\ud800"}\n')
    with pytest.raises(InputError, match=r"x\.jsonl:2: the column 'prompt' is not valid Unicode"):
        read(str(path))


def test_a_folder_is_read_file_by_file(tmp_path):
    for name, text in {"b.jsonl": '{"prompt": "2"}', "a/c.csv": "prompt\n1\n", "LICENSE": "x", ".hidden.txt": "h", "z.txt": "3"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [(p.question, p.skill) for p in read(str(tmp_path))] == [("1", "c"), ("2", "b"), ("3", "z")]
    assert [p.question for p in read(f"{tmp_path}/*.txt")] == ["3"]
    assert [p.question for p in read(f"{tmp_path}/**/*.csv")] == ["1"]


def test_a_folders_fingerprint_is_of_names_and_contents(tmp_path):
    (tmp_path / "a.txt").write_text("1")
    seen = {open_source(str(tmp_path), "here", {}).source.fingerprint()}
    (tmp_path / "b.txt").write_text("2")
    seen.add(open_source(str(tmp_path), "here", {}).source.fingerprint())
    (tmp_path / "b.txt").rename(tmp_path / "c.txt")
    seen.add(open_source(str(tmp_path), "here", {}).source.fingerprint())
    assert len(seen) == 3


def test_compressed_files(tmp_path):
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "a?"}\n'))
    assert [(p.question, p.skill) for p in read(f"{tmp_path}/x.jsonl.gz")] == [("a?", "x")]


def test_how_a_table_is_written(tmp_path):
    (tmp_path / "x.tsv").write_text('"a" b?\\nc\t1\n')
    columns = {"prompt": "#1", "reference": "#2"}
    (prompt,) = read(f"{tmp_path}/x.tsv?header=no&quotes=no&escapes=yes", columns)
    assert (prompt.question, prompt.reference) == ('"a" b?\nc', "1")
    with pytest.raises(RecipeError, match="header=maybe is neither yes nor no; write header=no"):
        read(f"{tmp_path}/x.tsv?header=maybe", columns)


def test_malformed_rows_are_sifted_out(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": \n{"prompt": "b", "intent": "evil"}\n{"prompt": ""}\n{"prompt": "c"}\n')
    found = list(open_source(str(path), "here", {}).sift())
    assert [p.question for p in found if not isinstance(p, Rejected)] == ["a", "c"]
    told = [(row.where, row.what, row.raw) for row in found if isinstance(row, Rejected)]
    assert [(where, what) for where, what, _ in told] == [
        (f"{path}:2:12", "malformed JSON: Expecting value"),
        (f"{path}:3", "unknown intent 'evil'"),
        (f"{path}:4", "the prompt is empty"),
    ]
    assert told[1][2] == '{"prompt": "b", "intent": "evil"}'
    with pytest.raises(InputError, match="x.jsonl:2:12: malformed JSON"):
        read(str(path))


def test_real_files(data_dir):
    columns = {"prompt": "question", "reference": "answer"}
    assert len(read(str(data_dir / "gsm8k" / "test.jsonl"), columns)) == 1319
    assert len(read(str(data_dir / "dsbs" / "svamp" / "svamp_train.json"), {"prompt": "input", "reference": "label"})) == 800
    assert len(read(str(data_dir / "bbh" / "bbh" / "navigate.json"), {"prompt": "input", "reference": "target"})) == 250
    assert len(read(str(data_dir / "xstest" / "xstest_prompts.csv"))) == 450
    assert len(read(str(data_dir / "tofu" / "forget10.json"), columns)) == 400
