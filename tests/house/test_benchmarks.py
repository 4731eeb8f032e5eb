"""Every benchmark starts: what it imports is there and it says what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT

SCRIPTS = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.name != "common.py")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_says_what_it_is(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout


def results(script: Path) -> dict[str, Any]:
    """What the benchmark found, as it is kept."""
    kept: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / f"{script.stem}.json").read_text(encoding="utf-8"))
    return kept


def misses(kept: dict[str, Any]) -> list[str]:
    """The figures that are not measured, above what they are to be at most or below what they are to be at least."""
    missed = []
    for name, aim in kept["aims"].items():
        figure = kept[name]
        reached = figure is not None and aim.get("at_least", figure) <= figure <= aim.get("at_most", figure)
        missed += [] if reached else [name]
    return missed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_results_tell_aims_that_were_missed(script: Path) -> None:
    kept = results(script)
    assert kept["aims"]
    assert kept["missed"] == misses(kept)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_results_come_of_a_command_and_a_commit(script: Path) -> None:
    kept = results(script)
    for one in (kept, *kept.get("parts", {}).values()):
        assert one["command"].startswith(f"python benchmarks/{script.name}")
        assert not one["commit"].endswith("-dirty"), "run it again from a clean clone"
        assert one["date"]


def test_a_figure_beside_its_aim_is_a_miss() -> None:
    aims = {"speed": {"at_least": 2}, "bytes": {"at_most": 60}, "seconds": {"at_most": 300}}
    assert misses({"speed": 1.9, "bytes": 60, "seconds": None, "aims": aims}) == ["speed", "seconds"]


def test_make_bench_runs_every_one() -> None:
    named = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "benchmarks/$$name.py" in line)
    assert sorted(named.partition(" in ")[2].partition(";")[0].split()) == [path.stem for path in SCRIPTS]
