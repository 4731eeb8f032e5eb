"""Every benchmark starts: what it imports is there and it says what it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_make_bench_runs_every_one() -> None:
    named = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "benchmarks/$$name.py" in line)
    assert sorted(named.partition(" in ")[2].partition(";")[0].split()) == [path.stem for path in SCRIPTS]
