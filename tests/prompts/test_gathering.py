from __future__ import annotations

import json

import pytest

from potstill.errors import InputError
from potstill.prompts.gathering import gathered
from potstill.recipe import Recipe
from potstill.store import Quiet, Run


def run_of(tmp_path, prompts, evaluate=None):
    values = {"name": "x", "student": {"model": "new:llama"}, "teachers": [{"model": "fake:yes"}]}
    return Run.open(Recipe.model_validate({**values, "prompts": prompts, "evaluate": evaluate or {}}), out=tmp_path / "run", log=Quiet())


def write(path, questions):
    path.write_text("".join(json.dumps({"prompt": q}) + "\n" for q in questions))
    return str(path)


def questions(artifact, name):
    return [messages[-1]["content"] for messages in artifact.table(name)["messages"].to_pylist()]


def test_tables_of_all_uses_and_of_what_was_set_aside(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"1\n2\n\xff\n3\n2\n")
    run = run_of(
        tmp_path,
        {"sources": [str(tmp_path / "a.txt")], "validation": [write(tmp_path / "v.jsonl", "2")]},
        {"sources": [write(tmp_path / "e.jsonl", "34")]},
    )
    made = gathered(run)
    assert [questions(made, name) for name in ("candidates", "validation", "evaluation")] == [["1"], ["2"], ["3", "4"]]
    (row,) = made.table("quarantine").to_pylist()
    assert (row["where"], row["what"], row["raw"], row["use"]) == (f"{tmp_path}/a.txt:3:1", "not UTF-8", "\\xff\n", "prompts")
    assert (
        made.manifest.summary.items()
        >= {
            "candidates": 1,
            "validation": 1,
            "evaluation": 2,
            "duplicates": 1,
            "otherwise": 0,
            "in_both": 2,
            "quarantined": 1,
            "first_quarantined": f"{tmp_path}/a.txt:3:1: not UTF-8; save it as UTF-8",
        }.items()
    )


def test_an_interrupted_run_leaves_the_same_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("potstill.prompts.sheets.ROWS", 64)
    sources = [write(tmp_path / "a.jsonl", map(str, range(200)))]
    run = run_of(tmp_path, {"sources": sources})
    with monkeypatch.context() as patched:
        patched.setattr("potstill.store.run.hash_files", lambda folder: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            gathered(run)
    assert next(run.folder.glob("prompts.gathered/*/candidates-00001.parquet"))
    again = gathered(run)
    other = gathered(run_of(tmp_path / "other", {"sources": sources}))
    assert again.content == other.content


def test_nothing_left_to_ask(tmp_path):
    source = write(tmp_path / "a.jsonl", "ab")
    with pytest.raises(InputError, match=r"a\.jsonl: no prompts; the sources are empty, or hold evaluation prompts only"):
        gathered(run_of(tmp_path, {"sources": [source]}, {"sources": [source]}))
