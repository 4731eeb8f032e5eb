from __future__ import annotations

import pytest

from potstill.errors import InputError
from potstill.sources.request import open_source


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


def test_a_folder_and_an_empty_name(tmp_path):
    (tmp_path / "d.jsonl").mkdir()
    for spec in (str(tmp_path), f"{tmp_path}/d.jsonl"):
        with pytest.raises(InputError, match="prompts.sources .*: a folder, not a file"):
            read(spec)
    with pytest.raises(InputError, match="prompts.sources '': no file is named"):
        read("")


def test_a_surrogate_is_told_with_its_line(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": "\\ud800"}\n')
    with pytest.raises(InputError, match=r"x\.jsonl:2: the column 'prompt' is not valid Unicode"):
        read(str(path))


def test_real_files(data_dir):
    columns = {"prompt": "question", "reference": "answer"}
    assert len(read(str(data_dir / "gsm8k" / "test.jsonl"), columns)) == 1319
    assert len(read(str(data_dir / "dsbs" / "svamp" / "svamp_train.json"), {"prompt": "input", "reference": "label"})) == 800
    assert len(read(str(data_dir / "bbh" / "bbh" / "navigate.json"), {"prompt": "input", "reference": "target"})) == 250
    assert len(read(str(data_dir / "xstest" / "xstest_prompts.csv"))) == 450
    assert len(read(str(data_dir / "tofu" / "forget10.json"), columns)) == 400
