"""A run that is broken off anywhere goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from potstill.errors import StoreError
from potstill.store import Artifact, Quiet, Run, Workspace
from tests.store import still
from tests.store.still import Heard, never, perform, writes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.open(still.recipe(), out=tmp_path / "run", log=Heard())


def test_an_interrupted_work_goes_on(run: Run) -> None:
    def broken(workspace: Workspace) -> dict[str, Any]:
        workspace.write_text("first", "1")
        (workspace.scratch / "step").write_text("7")
        (workspace.folder / ".second.tmp").write_text("half")
        raise KeyboardInterrupt

    def whole(workspace: Workspace) -> dict[str, Any]:
        assert workspace.has("first")
        assert (workspace.scratch / "step").read_text() == "7"
        workspace.write_text("second", "2")
        return {}

    with pytest.raises(KeyboardInterrupt):
        perform(run, "train", broken)
    assert run.artifacts() == {}
    artifact = perform(run, "train", whole)
    assert still.files(artifact.folder) == ["first", "manifest.json", "second"]


def test_killed_at_random_moments_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    undisturbed = still.distil(tmp_path / "undisturbed")
    outcome = broken_off("kill", tmp_path / "killed", "7")
    assert outcome["kills"] > 0
    assert outcome["content"] == undisturbed.content
    assert outcome["files"] == still.files(tmp_path / "undisturbed")


def test_ended_before_any_lasting_step_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    undisturbed = still.distil(tmp_path / "undisturbed")
    outcome = broken_off("crash", tmp_path / "crashed", "0")
    assert outcome["points"] > 40
    assert outcome["outcomes"] == [[undisturbed.content, *still.files(tmp_path / "undisturbed")]]


def broken_off(how: str, folder: Path, seed: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "tests" / "store" / "still.py"), how, str(folder), seed]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_second_process_is_refused_and_harms_nothing(run: Run) -> None:
    code = "import sys; from pathlib import Path; from tests.store import still; still.distil(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with run.locked():
        done = subprocess.run([sys.executable, "-c", code, str(run.folder)], capture_output=True, text=True, env=environment)
        assert f"the run is in use by process {os.getpid()}" in done.stderr
        perform(run, "prompts", writes("a"))
    assert set(run.artifacts()) == {"prompts"}


def test_what_is_there_can_be_read_while_another_process_writes(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    reader = Run.open(run.recipe, out=run.folder, log=Quiet())
    with run.locked():
        assert reader.artifact("prompts") == first
        assert perform(reader, "prompts", never) == first


def test_a_stage_made_by_another_process_meanwhile_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Artifact] = []
    locked = run.locked

    def late() -> Any:
        monkeypatch.setattr(run, "locked", locked)
        made.append(perform(Run.open(run.recipe, out=run.folder, log=Quiet()), "prompts", writes("a")))
        return locked()

    monkeypatch.setattr(run, "locked", late)
    assert perform(run, "prompts", never) == made[0]


def test_a_full_disk_keeps_what_is_whole(run: Run) -> None:
    def full(workspace: Workspace) -> dict[str, Any]:
        workspace.write_text("first", "1")
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")
        return {}

    with pytest.raises(StoreError, match=r"cannot be written: No space left on device; make room and run the same command"):
        perform(run, "prompts", full)
    assert perform(run, "prompts", lambda workspace: {"kept": workspace.has("first")}).manifest.summary == {"kept": True}


def test_a_folder_without_permission_is_named() -> None:
    with pytest.raises(StoreError, match=r"/sys/potstill.*not permitted.*choose another folder"):
        perform(Run.open(still.recipe(), out="/sys/potstill", log=Quiet()), "prompts", never)
