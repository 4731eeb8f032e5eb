"""Every study starts: what it imports is there, it says what it is, and its results are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SCRIPTS = sorted(path for path in (ROOT / "studies").glob("*.py") if "def main(" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_study_says_what_it_is(script: Path) -> None:
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_results_are_kept_with_seeds_and_command(script: Path) -> None:
    kept = json.loads((ROOT / "studies" / "results" / f"{script.stem}.json").read_text(encoding="utf-8"))
    assert kept["origin"]["command"].startswith(f"python studies/{script.name}")
    assert kept["origin"]["seeds"]
