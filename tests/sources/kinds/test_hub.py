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
    assert prompts[1].source == f"hf:{folder}:train row 1"
    assert source.fingerprint() == opened(f"hf:{folder}:train", {"prompt": "question"}).fingerprint()


def test_what_cannot_be_read(folder):
    with pytest.raises(InputError, match="the dataset cannot be read.*valid"):
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


def test_malformed_rows_of_a_dataset_are_sifted_out(folder):
    (folder / "test.jsonl").unlink()
    rows = [{"question": "1+1?", "half": "A"}, {"question": "", "half": "A"}, {"question": "2+2?", "half": "C"}]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    good, empty, wrong = open_source(f"hf:{folder}:train", "prompts.sources", {"prompt": "question"}).sift()
    assert good.question == "1+1?"
    assert (empty.what, wrong.what) == ("the prompt is empty", "unknown half 'C'")
    assert wrong.where == f"hf:{folder}:train row 2"
