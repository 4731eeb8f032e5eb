"""A whole still through the command line: undisturbed, killed, interrupted, run twice at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from potstill.store import Run
from tests.e2e import still
from tests.house import tree

RUN = ["run", str(still.TINY)]
KILLS = 6
TIMED = {"report"}
"""Stages whose content tells when it was made."""


def contents(folder: Path) -> dict[str, str]:
    """Stage -> content hash of a finished run, but for what tells the time."""
    return {stage: artifact.content for stage, artifact in Run.open(folder).artifacts().items() if stage not in TIMED}


def wait_for(path: Path, pattern: str) -> None:
    """Wait until a file is there."""
    for _ in range(6000):
        if next(path.glob(pattern), None) is not None:
            return
        time.sleep(0.05)
    pytest.fail(f"no {pattern} in {path}")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the tiny recipe was run, in a process as a user starts it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    command = [sys.executable, "-m", "potstill.cli", *RUN, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    (folder / "out").write_text(done.stdout)
    (folder / "err").write_text(done.stderr)
    return folder


def test_every_stage_leaves_its_artifact(undisturbed: Path) -> None:
    told = json.loads(still.told(undisturbed, "out"))
    assert list(told["stages"]) == ["prompts", "generate", "filter", "train", "evaluate", "export", "report"]
    assert told["passed"] is True
    assert told["stages"]["filter"]["summary"]["keep"] == 64
    made = Run.open(undisturbed / "runs" / "tiny").artifacts()
    for artifact in made.values():
        artifact.verify()
    assert (made["report"].folder / "report.html").stat().st_size > 10_000
    assert (made["export"].folder / "safetensors" / "model.safetensors").is_file()


def test_progress_is_told_stage_by_stage_and_nothing_else(undisturbed: Path) -> None:
    lines = still.told(undisturbed).splitlines()
    speakers = ("prompts", "doctor", "generate", "filter", "train", "evaluate", "export", "report")
    assert [line for line in lines if line.partition(":")[0].split()[0] not in speakers] == []


def test_a_second_run_keeps_everything(undisturbed: Path) -> None:
    before = contents(undisturbed / "runs" / "tiny")
    assert still.finish(RUN, undisturbed) == 0
    kept = [line.partition(":")[0] for line in still.told(undisturbed).splitlines() if "unchanged, kept" in line]
    filters = ["filter.answer", "filter.duplicate"]
    assert kept == ["prompts.gathered", "prompts", "generate", *filters, "filter", "train", "evaluate", "export", "report"]
    assert contents(undisturbed / "runs" / "tiny") == before


def test_killed_again_and_again_it_ends_where_it_would_have_ended(undisturbed: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    for _ in range(KILLS):
        process = still.start(RUN, tmp_path)
        process.join(chance.uniform(0.2, 2.5))
        if process.exitcode is None:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
    assert still.finish(RUN, tmp_path) == 0
    assert contents(tmp_path / "runs" / "tiny") == contents(undisturbed / "runs" / "tiny")


def test_killed_in_the_middle_of_training_it_goes_on_from_its_checkpoint(undisturbed: Path, tmp_path: Path) -> None:
    process = still.start(RUN, tmp_path)
    wait_for(tmp_path, "runs/tiny/train/*/.scratch/checkpoints/step-*/loop.json")
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert still.finish([*RUN, "--to", "train"], tmp_path) == 0
    assert "train: going on from step" in still.told(tmp_path)
    made, expected = contents(tmp_path / "runs" / "tiny"), contents(undisturbed / "runs" / "tiny")
    assert made["train"] == expected["train"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupt_ends_with_3_and_the_same_command_goes_on(number: signal.Signals, undisturbed: Path, tmp_path: Path) -> None:
    process = still.start(RUN, tmp_path)
    wait_for(tmp_path, "runs/tiny/generate/*/traces-00001.parquet")
    os.kill(process.pid or 0, number)
    process.join()
    assert process.exitcode == 3
    last = still.told(tmp_path).splitlines()[-1]
    assert last.startswith("potstill: interrupted; what is whole is kept, and the same command goes on where it stopped: potstill run ")
    assert "Traceback" not in still.told(tmp_path)
    assert still.finish([*RUN, "--to", "filter"], tmp_path) == 0
    assert contents(tmp_path / "runs" / "tiny")["filter"] == contents(undisturbed / "runs" / "tiny")["filter"]


def test_a_second_process_is_turned_away_and_nothing_is_lost(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    out = ["--out", str(tmp_path / "run"), "--to", "train"]
    process = still.start([*RUN, *out, "--set", "train.steps=40"], first)
    wait_for(tmp_path, "run/generate/*/traces-00000.parquet")
    assert still.finish([*RUN, *out], second) == 1
    process.join()
    assert process.exitcode == 0
    line = still.told(second)
    assert line.count("\n") == 1
    assert f"the run is in use by process {process.pid}; wait until it is done" in line


def test_one_verb_at_a_time_makes_the_same(undisturbed: Path, tmp_path: Path) -> None:
    assert still.finish(["train", str(still.TINY)], tmp_path) == 1
    assert "the stage 'prompts' has not been done with these settings; run `potstill prompts`" in still.told(tmp_path)
    for verb in ("prompts", "generate", "filter"):
        assert still.finish([verb, str(still.TINY)], tmp_path) == 0
    made = contents(tmp_path / "runs" / "tiny")
    assert made.items() <= contents(undisturbed / "runs" / "tiny").items()
    assert [stage for stage in made if "." not in stage] == ["prompts", "generate", "filter"]


def test_force_makes_a_stage_again_and_keeps_the_old_one(undisturbed: Path, tmp_path: Path) -> None:
    assert still.finish([*RUN, "--to", "filter"], tmp_path) == 0
    assert still.finish([*RUN, "--to", "filter", "--force", "generate"], tmp_path) == 0
    assert len(list((tmp_path / "runs" / "tiny" / "generate").glob("*.old-1"))) == 1
    kept = [line.partition(":")[0] for line in still.told(tmp_path).splitlines() if "unchanged, kept" in line]
    assert kept == ["prompts.gathered", "prompts", "filter.answer", "filter.duplicate", "filter"]


def test_a_missed_limit_ends_with_2_after_the_report(undisturbed: Path) -> None:
    assert still.finish([*RUN, "--set", "evaluate.limits={accuracy = 0.9}"], undisturbed) == 2
    told = still.told(undisturbed)
    assert "export: left out, for a limit was missed" in told
    assert told.splitlines()[-1].startswith("potstill: runs/tiny: accuracy is 0, below the least allowed, 0.9")
    assert "report    " in still.told(undisturbed, "out")
