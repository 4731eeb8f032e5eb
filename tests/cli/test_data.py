"""`export-data`."""

import json
from pathlib import Path

import pytest

from potstill.cli import main
from tests.store.records import made


def test_rows_and_warnings_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = made(tmp_path / "run", parts={1: "noise"}), tmp_path / "out"
    assert main(["export-data", str(run.folder), "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == f"{out}: 6 rows of 3 prompts, as prompt-completion"
    assert told.out.splitlines()[1] == "warning: hf:two: whether its terms let others train on what it says is not known"
    assert (told.out + told.err).count("whether its terms let others train") == 1
    assert (out / "README.md").is_file()


def test_what_was_written_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = made(tmp_path / "run"), tmp_path / "out"
    words = ["export-data", str(run.folder), "--out", str(out), "--format", "messages", "--with-signals", "--quiet", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["format"], told["part"], told["withheld"]) == (8, "messages", "keep", 0)
    assert [card["licence"] for card in told["teachers"]] == ["MIT", ""]
    assert (out / "signals" / "scorings.parquet").is_file()


@pytest.mark.parametrize(("words", "told"), [(["--out", ""], "this names no folder"), (["--out", "x", "--format", "yaml"], "yaml")])
def test_slips(words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export-data", str(made(tmp_path / "run").folder), *words]) == 1
    assert told in capsys.readouterr().err


def test_a_folder_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made(tmp_path / "run")
    assert main(["export-data", str(run.folder), "--out", str(run.folder)]) == 1
    assert "there is something here already; choose another --out" in capsys.readouterr().err
    assert run.artifact("filter").folder.is_dir()
