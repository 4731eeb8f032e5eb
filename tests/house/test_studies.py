"""Every study starts: what it imports is there, it says what it is, and its results are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT

SCRIPTS = sorted(path for path in (ROOT / "studies").glob("*.py") if "def main(" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_study_says_what_it_is(script: Path) -> None:
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout


def results(script: Path) -> dict[str, Any]:
    """What the study found, as it is kept."""
    kept: dict[str, Any] = json.loads((ROOT / "studies" / "results" / f"{script.stem}.json").read_text(encoding="utf-8"))
    return kept


def misses(kept: dict[str, Any]) -> list[str]:
    """The figures that are above their aim."""
    return [name for name, aim in kept["aims"].items() if kept[name] > aim]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_results_are_kept_with_seeds_and_command(script: Path) -> None:
    kept = results(script)
    assert kept["origin"]["command"].startswith(f"python studies/{script.name}")
    assert kept["origin"]["seeds"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_results_come_of_a_commit(script: Path) -> None:
    assert not results(script)["origin"]["commit"].endswith("-dirty"), "run it again from a clean clone"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_aims_that_were_missed_are_named(script: Path) -> None:
    kept = results(script)
    assert "aims" not in kept["details"], "aims stand beside the figures, by their names"
    if "aims" in kept:
        assert "missed" in kept, "which aims were missed?"
        assert kept["missed"] == misses(kept)


def test_a_figure_above_its_aim_is_a_miss() -> None:
    kept = {"draw_float16": 0.02, "draw_float32": 0.0001, "aims": {"draw_float16": 0.01, "draw_float32": 0.001}}
    assert misses(kept) == ["draw_float16"]
