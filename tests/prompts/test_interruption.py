"""A gathering of prompts that is killed anywhere goes on: its tables are those of an undisturbed one, and a label is paid for once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from potstill.store import Quiet, Run
from tests.endpoints.server import Behaviour, Server
from tests.models.small import write_model
from tests.prompts import killed

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "prompts": ("prompts", "validation", "evaluation", "verdicts", "decisions", "balance", "strata"),
    "prompts.gathered": ("candidates", "validation", "evaluation", "quarantine"),
    "prompts.labelled": ("candidates", "validation", "evaluation"),
}


def broken_off(folder: Path, seed: int, growth: float, teacher: str) -> dict[str, Any]:
    command = [sys.executable, killed.__file__, str(folder), str(seed), str(growth), teacher]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def test_killed_at_random_moments_it_ends_as_if_undisturbed_and_each_label_is_paid_once(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    (tmp_path / "killed").mkdir()
    (tmp_path / "whole").mkdir()
    with Server(folder, Behaviour(share=0.05, faults=("429", "500", "reset"), seed=3)) as server:
        teacher = json.dumps({"model": server.url, "dialect": "openai"})
        outcome = broken_off(tmp_path / "killed" / "run", 5, 1.4, teacher)
        assert outcome["kills"] > 5
        assert set(server.answered.values()) == {1}
        once = len(server.answered)
        made = killed.gathering(tmp_path / "whole" / "run", teacher)
    assert (outcome["content"], outcome["files"]) == (made.content, sorted(made.manifest.files))
    runs = [Run.open(killed.recipe(tmp_path / at / "run", teacher), out=tmp_path / at / "run", log=Quiet()) for at in ("killed", "whole")]
    for stage, names in PARTS.items():
        for name in names:
            one, other = (run.artifact(stage).table(name) for run in runs)
            assert one == other, (stage, name)
    candidates = runs[1].artifact("prompts.gathered").count("candidates")
    assert candidates == killed.ASKED + 6 * 2 * 2
    assert once == candidates + 9, "each prompt was asked about, those that evaluate too"
    assert runs[0].artifact("prompts.gathered").count("quarantine") == 1
