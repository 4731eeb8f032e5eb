"""Every bad input ends with one line that says what, where and what to do, with exit code 1, and nothing lost."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from potstill.cli import main
from potstill.models import open_tokenizer
from potstill.store import Run, atomic
from tests.e2e.still import TINY

Fails = Callable[..., str]


@pytest.fixture
def fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """The line that a command prints when it fails as it should."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        capsys.readouterr()
        assert main([*words, "--quiet"] if words[0] not in ("check", "trace", "list") else list(words)) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("potstill: ")
        assert told.err.count("\n") == 1
        assert "Traceback" not in told.err
        return told.err.removeprefix("potstill: ").rstrip("\n")

    return run


def run_tiny(*overrides: str) -> list[str]:
    return ["run", str(TINY), *(word for override in overrides for word in ("--set", override))]


def test_a_missing_recipe(fails: Fails) -> None:
    assert fails("run", "nowhere.toml") == "nowhere.toml: no such recipe; check the path"


def test_a_malformed_recipe_names_line_and_column(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "x"\nseed = = 3\n')
    assert fails("run", "bad.toml").startswith("bad.toml:2:8: not valid TOML: ")


def test_an_unknown_key_names_line_and_neighbour(fails: Fails, tmp_path: Path) -> None:
    text = TINY.read_text()
    line = text[: text.index("checkpoint_every")].count("\n") + 1
    (tmp_path / "bad.toml").write_text(text.replace("checkpoint_every", "chekpoint_every"))
    told = fails("run", "bad.toml")
    assert told == f"bad.toml:{line}: unknown key 'train.chekpoint_every'; did you mean 'checkpoint_every' or 'validate_every'?"


def test_a_missing_file_of_prompts(fails: Fails) -> None:
    told = fails(*run_tiny('prompts.sources=["nowhere.jsonl"]'))
    assert "no such file or folder: nowhere.jsonl; check the path" in told


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.jsonl", '{"prompt": "a"}\n{"prompt": \n{"prompt": \n', "2 of 3 rows are malformed, the first: a.jsonl:2:12: malformed JSON"),
        ("a.jsonl", '{"question": "a"}\n{"question": "b"}\n', "all 2 rows are malformed, the first: a.jsonl:1: no column 'prompt'"),
        ("a.csv", 'prompt,answer\n"a,b\n', "a.csv:"),
        ("a.docx", "x", "a.docx: unknown ending '.docx'"),
    ],
)
def test_a_malformed_file_of_prompts_names_the_place(name: str, text: str, where: str, fails: Fails, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert where in fails(*run_tiny(f'prompts.sources=["{name}"]'))


def test_a_few_malformed_rows_are_set_aside_and_the_exit_says_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"prompt": "a"}\n{"prompt": \n{"prompt": "b"}\n{"prompt": "c"}\n')
    words = [*run_tiny('prompts.sources=["a.jsonl"]'), "--to", "prompts"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "1 row set aside: a.jsonl:2:12: malformed JSON: Expecting value; mend that line; see `potstill query runs/tiny" in told.err
    assert "; 1 malformed rows set aside" in told.out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stages"]["prompts"]["summary"]["quarantined"] == 1
    assert main(["check", *words[1:-2]]) == 0
    assert "1 row is malformed and will be set aside, the first: a.jsonl:2:12" in capsys.readouterr().out


def test_an_empty_dataset(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert "empty.jsonl: the source has no prompts; check the file" in fails(*run_tiny('prompts.sources=["empty.jsonl"]'))


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("wrld:base", "unknown model 'wrld'; did you mean 'world'?"),
        ("world:bse", "unknown teacher 'bse'; did you mean 'base'?"),
        ("hf:./nowhere", "nowhere: no such folder; check the path"),
        ("hf:empty", "the folder has no config.json; give a folder written by save_pretrained"),
    ],
)
def test_an_unknown_model(model: str, told: str, fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert told in fails(*run_tiny(f"teachers.0.model={model}"))


def test_a_folder_without_weights(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text('{"model_type": "llama"}')
    assert "no weights" in fails(*run_tiny("student.model=hf:./bare", "student.config=", "student.tokenizer="))
    (tmp_path / "bare" / "pytorch_model.bin").write_text("")
    told = fails(*run_tiny("teachers.0.model=hf:./bare"))
    assert "pytorch_model.bin and no weights in safetensors" in told


def test_a_tokenizer_without_the_chat_template_that_is_needed(fails: Fails, tmp_path: Path) -> None:
    tokenizer = open_tokenizer("world:a")
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "plain")
    told = fails(*run_tiny("student.tokenizer=hf:./plain"))
    assert "the tokenizer has no chat template, and the prompts are conversations; " in told
    assert "student.chat_template" in told


def test_no_write_permission(fails: Fails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert "file" in fails(*run_tiny(), "--out", "file/below")
    real = os.open

    def refused(path, flags, *rest, **more):
        if str(path).endswith(".lock"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refused)
    told = fails(*run_tiny())
    assert "not permitted: Permission denied; change its permissions, or choose another folder" in told
    assert "runs/tiny/.lock" in told


def test_a_full_disk_loses_nothing(fails: Fails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [*run_tiny(), "--to", "filter"]
    real = atomic.sync

    def full(path: Path) -> None:
        if list(tmp_path.glob("runs/tiny/generate/*/traces-*.parquet")):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "sync", full)
        told = fails(*words)
    assert "cannot be written: No space left on device; make room and run the same command" in told
    assert list(tmp_path.glob("runs/tiny/generate/*/traces-*.parquet"))
    assert main([*words, "--quiet"]) == 0


def test_a_run_folder_of_another_recipe(fails: Fails, tmp_path: Path) -> None:
    assert main([*run_tiny(), "--to", "prompts", "--quiet"]) == 0
    before = Run.open("runs/tiny").artifact("prompts").content
    told = fails(*run_tiny("name=other"), "--out", "runs/tiny")
    assert "this run folder belongs to the recipe 'tiny', not to 'other'; choose another --out" in told
    assert Run.open("runs/tiny").artifact("prompts").content == before


def test_a_damaged_file_of_an_artifact(fails: Fails, tmp_path: Path) -> None:
    assert main([*run_tiny(), "--to", "prompts", "--quiet"]) == 0
    (Run.open("runs/tiny").artifact("prompts").folder / "prompts-00000.parquet").unlink()
    told = fails(*run_tiny(), "--to", "prompts")
    assert "a file of the artifact is missing; make its stage again with --force" in told


def test_a_loss_that_the_teacher_cannot_feed(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"prompt": "a", "answer": "b"}\n')
    told = fails(*run_tiny("teachers.0.model=recorded:answers.jsonl", "teachers.0.top_k=5", "train.losses=[{}]"))
    assert told.startswith("train.losses.0: loss 'divergence' needs probabilities")
    assert not (tmp_path / "runs").exists()


def test_an_override_that_cannot_be(fails: Fails) -> None:
    assert fails(*run_tiny("train.steps=many")).startswith("--set train.steps=many: 'train.steps' ")
    assert "not of the form key=value" in fails(*run_tiny("train.steps"))


def test_errors_are_json_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "nowhere.toml", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["error"]
    assert told == {"kind": "RecipeError", "what": "no such recipe", "where": "nowhere.toml", "fix": "check the path", "exit_code": 1}
