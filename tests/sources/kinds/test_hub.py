from __future__ import annotations

import json
import sys

import pytest

from potstill.errors import InputError, MissingExtraError, RecipeError
from potstill.sources.request import open_source


def opened(spec, columns=None):
    return open_source(spec, "prompts.sources", columns or {}).source


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    pytest.importorskip("datasets")
    home = tmp_path / "sums"
    home.mkdir()
    (home / "train.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n{"question": "2+2?", "answer": "4"}\n')
    (home / "test.jsonl").write_text('{"question": "3+3?", "answer": "6"}\n')
    return home


def test_a_dataset_folder(folder):
    source = opened(f"hf:{folder}:train", {"prompt": "question", "reference": "answer"})
    prompts = list(source.prompts())
    assert [(p.question, p.reference, p.skill) for p in prompts] == [("1+1?", "2", "sums"), ("2+2?", "4", "sums")]
    assert prompts[1].source == f"{folder}/train.jsonl:2"
    assert source.fingerprint() == opened(f"hf:{folder}:train", {"prompt": "question"}).fingerprint()


def test_what_cannot_be_read(folder):
    with pytest.raises(InputError, match='the dataset cannot be read: Unknown split "valid"'):
        opened(f"hf:{folder}:valid").fingerprint()
    with pytest.raises(InputError, match="the dataset cannot be read"):
        opened("hf:nobody/nothing:train").fingerprint()


def test_the_split_must_be_named():
    with pytest.raises(RecipeError, match="written hf:NAME:SPLIT"):
        opened("hf:openai/gsm8k")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'datasets'; pip install 'potstill\[hub\]'"):
        opened("hf:openai/gsm8k:train").fingerprint()


def sift(spec):
    return list(open_source(spec, "prompts.sources", {"prompt": "question", "reference": "answer"}).sift())


@pytest.mark.parametrize(
    ("name", "rows", "line"),
    [
        ("train.jsonl", '{"question": "1+1?", "answer": 2}\n{"question": \n{"question": "2+2?", "answer": 4}\n', "2:14"),
        ("train.csv", "question,answer\n1+1?,2\n3+3?,6,6\n2+2?,4\n", "3"),
        ("data/train-00000.tsv", "question\tanswer\n1+1?\t2\n3+3?\n2+2?\t4\n", "3"),
    ],
)
def test_a_row_of_a_folder_that_cannot_be_parsed_is_told_by_file_and_line(folder, name, rows, line):
    for path in folder.iterdir():
        path.unlink()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(rows)
    one, bad, other = sift(f"hf:{folder}:train")
    assert [(p.question, p.reference, p.skill) for p in (one, other)] == [("1+1?", "2", "sums"), ("2+2?", "4", "sums")]
    assert bad.where == f"{folder / name}:{line}"
    assert bad.raw


def test_a_row_that_is_no_prompt_is_told_by_file_and_line(folder):
    rows = [{"question": "1+1?", "half": "A"}, {"question": "", "half": "A"}, {"question": "2+2?", "half": "C"}]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    good, empty, wrong = open_source(f"hf:{folder}:train", "prompts.sources", {"prompt": "question"}).sift()
    assert good.question == "1+1?"
    assert (empty.what, wrong.what) == ("the prompt is empty", "unknown half 'C'")
    assert wrong.where == f"{folder}/train.jsonl:3"


def test_a_slice_is_read_by_the_library_and_told_by_number(folder):
    rows = [{"question": question, "answer": "2"} for question in ("1+1?", "", "2+2?")]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = open_source(f"hf:{folder}:train[:2]", "prompts.sources", {"prompt": "question"})
    good, empty = source.sift()
    assert good.source == f"hf:{folder}:train[:2] row 0"
    assert empty.where == f"hf:{folder}:train[:2] row 1"


def test_what_the_library_cannot_read_is_told_with_its_cause(folder):
    (folder / "train.jsonl").unlink()
    (folder / "test.jsonl").unlink()
    (folder / "train.csv").write_text("question,answer\n1+1?,2\n3+3?,6,6\n")
    with pytest.raises(InputError, match="the dataset cannot be read: .*Expected 2 fields in line 3, saw 3"):
        sift(f"hf:{folder}:train[:2]")
