"""`curve`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from potstill import filter, generate, prompts
from potstill.cli import main
from potstill.recipe import Recipe
from potstill.store import Quiet, Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose answers were judged: those to additions are right, those to colours are not."""
    path = tmp_path_factory.mktemp("runs") / "run"
    recipe = Recipe.model_validate(
        {
            "name": "judged",
            "student": {"model": "new:llama"},
            "teachers": [{"model": "fake:Answer: {reference}", "top_k": 0}],
            "prompts": {"sources": ["world:carry_addition?n=12", "world:sealed_recipe?n=4"]},
            "filters": [{"kind": "hazard"}, {"kind": "answer"}],
            "train": {"losses": [{"kind": "cross_entropy"}]},
            "evaluate": {"sources": ["world:fact?n=4"]},
        }
    )
    run = Run.open(recipe, out=path, log=Quiet())
    filter.judge(run, generate.draw(run, prompts.gather(run)))
    return path


def test_shares_by_threshold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curve", str(folder), "--filter", "hazard", "--at", "2", "--at", "0.5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["thresholds"] == [2.0, 0.5]
    assert told["kept"] == {"hazard": [1.0, 0.0], "math": [1.0, 1.0]}
    assert told["bends"] == {"hazard": 0.5}


def test_a_table_by_another_label(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curve", str(folder), "--filter", "answer", "--by", "skill"]) == 0
    out = capsys.readouterr().out
    assert "kept by threshold of 'answer'" in out
    assert "carry_addition" in out


def test_a_filter_that_has_not_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curve", str(folder), "--filter", "hazrd"]) == 1
    assert "did you mean 'hazard'" in capsys.readouterr().err
