"""`check`, `run`, `demo` and the verbs: which stages are asked for, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from potstill import pipeline
from potstill.cli import main, results, runs
from potstill.cli.shipped import recipe
from potstill.pipeline import STAGES
from potstill.store import Quiet, Run
from tests.e2e.still import TINY


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """How each run was opened and what was asked of it; nothing is performed."""
    calls: list[dict[str, Any]] = []

    def open_run(recipe: Any, **options: Any) -> Any:
        calls.append({"recipe": Path(recipe), **options})
        return SimpleNamespace(recipe=SimpleNamespace(name="x"), folder=tmp_path)

    monkeypatch.setattr(Run, "open", open_run)
    monkeypatch.setattr(pipeline, "run", lambda run, last=None: calls[-1].update(last=last) or {})
    monkeypatch.setattr(pipeline, "make", lambda run, stage, measure=False: calls[-1].update(stage=stage, measure=measure) or {})
    monkeypatch.setattr(results, "lines", lambda run, made: ["done"])
    return calls


def test_a_run_performs_all(opened: list[dict[str, Any]]) -> None:
    assert main(["run", "a.toml", "--set", "seed=1", "--set", "train.lr=2", "--out", "there", "--quiet"]) == 0
    [call] = opened
    assert (call["recipe"], call["out"], call["only"], call["last"]) == (Path("a.toml"), Path("there"), STAGES, None)
    assert call["overrides"] == ["seed=1", "train.lr=2"]
    assert call["force"] == ()
    assert isinstance(call["log"], Quiet)


@pytest.mark.parametrize("words", [["--out", ""], ["--out="], ["--out", " "]])
def test_a_run_folder_without_a_name_is_refused(words: list[str], opened: list[dict[str, Any]], capsys) -> None:
    assert main(["run", "a.toml", *words]) == 1
    assert "this names no folder; name one, as in --out runs/x" in capsys.readouterr().err
    assert opened == []


def test_a_part_of_a_run(opened: list[dict[str, Any]]) -> None:
    assert main(["run", "a.toml", "--from", "train", "--to", "export"]) == 0
    assert opened[0]["only"] == ("train", "evaluate", "export")
    assert opened[0]["last"] == "export"


@pytest.mark.parametrize(
    ("words", "forced"),
    [
        (["--force"], STAGES),
        (["--force", "--from", "export"], ("export", "report")),
        (["--force", "train", "evaluate"], ["train", "evaluate"]),
        (["--force", "train", "--force", "report"], ["train", "report"]),
        ([], ()),
    ],
)
def test_what_is_forced(words: list[str], forced: Any, opened: list[dict[str, Any]]) -> None:
    assert main(["run", "a.toml", *words]) == 0
    assert opened[0]["force"] == forced


@pytest.mark.parametrize("stage", STAGES)
def test_a_verb_performs_its_stage_alone(stage: str, opened: list[dict[str, Any]]) -> None:
    assert main([stage, "a.toml", "--force"]) == 0
    [call] = opened
    assert (call["only"], call["force"], call["stage"]) == ((stage,), (stage,), stage)


def test_filters_may_be_measured(opened: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["filter", "a.toml", "--measure"]) == 0
    assert (opened[0]["stage"], opened[0]["measure"]) == ("filter", True)
    assert main(["train", "a.toml", "--measure"]) == 1
    assert "--measure" in capsys.readouterr().err
    assert len(opened) == 1


@pytest.mark.parametrize(("words", "name"), [([], "demo"), (["--full"], "demo_full")])
def test_the_demo_runs_the_shipped_recipe(words: list[str], name: str, opened: list[dict[str, Any]]) -> None:
    assert main(["demo", *words]) == 0
    assert opened[0]["recipe"] == recipe(name)
    assert opened[0]["only"] is None


def test_every_stage_has_its_verb() -> None:
    assert tuple(runs.VERBS) == STAGES


@pytest.mark.parametrize("as_json", [True, False])
def test_a_missed_limit(as_json: bool, opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(pipeline, "missed", lambda made: ("retention is 0.5, below the least allowed, 0.9",))
    assert main(["run", "a.toml", *(["--json"] if as_json else [])]) == 2
    told = capsys.readouterr()
    if as_json:
        assert json.loads(told.out)["missed"] == ["retention is 0.5, below the least allowed, 0.9"]
        assert told.err == ""
    else:
        assert told.out == "done\n"
        assert "retention is 0.5, below the least allowed, 0.9; the report shows more" in told.err


def test_a_check_shows_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(TINY), "--set", "seed=5"]) == 0
    text = capsys.readouterr().out
    assert "seed = 5" in text
    assert "student  23,088" in text
    assert main(["check", str(TINY), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["name"] == "tiny"
    assert list(tmp_path.rglob("*")) == []
