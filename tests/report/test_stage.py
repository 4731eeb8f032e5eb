import shutil
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.report import write
from potstill.store import Artifact, Quiet, Run, Workspace
from tests.report.fake_run import make, recipe, with_faults


class Told(Quiet):
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_a_page_and_a_card_are_written_once(whole: Run, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "run")
    run = Run.open(whole.recipe, out=tmp_path / "run", log=Quiet())
    made = write(run)
    assert sorted(made.manifest.files) == ["README.md", "report.html"]
    assert sorted(made.manifest.inputs) == ["evaluate", "export", "filter", "generate", "prompts", "train"]
    log = Told()
    run.log = log
    assert write(run).content == made.content
    assert log.lines == [f"report: unchanged, kept (artifact {made.content[:12]})"]


def test_rows_that_were_set_aside_are_on_the_page_by_place_and_without_their_text(tmp_path: Path) -> None:
    made = write(with_faults(tmp_path, faults=2))
    assert sorted(made.manifest.inputs) == ["prompts", "prompts.gathered"]
    page = made.path("report.html").read_text()
    assert "a.csv:2" in page
    assert "PRIVATE" not in page


def test_rows_of_sources_that_were_read_anew_since_are_not_shown(tmp_path: Path) -> None:
    run = with_faults(tmp_path, faults=2)
    other = with_faults(tmp_path / "other", faults=3).artifact("prompts.gathered")
    run.perform("prompts.gathered", section={}, inputs={}, parts={"faults": "3"}, work=lambda w: _copied(w, other))
    assert "prompts.gathered" not in write(run).manifest.inputs


def _copied(workspace: Workspace, artifact: Artifact) -> dict[str, int]:
    workspace.write_table("quarantine", artifact.table("quarantine"))
    return {"quarantined": 3}


def test_the_same_artifacts_give_the_same_page(tmp_path: Path) -> None:
    run = make(tmp_path, until="filter")
    first = write(run)
    again = write(Run.open(run.recipe, out=run.folder, force={"report"}, log=run.log))
    assert again.content == first.content
    assert "T" in first.path("report.html").read_text().split("the last of them finished ")[1][:20]


def test_new_timings_give_a_new_page(tmp_path: Path) -> None:
    run = make(tmp_path, text=True)
    first = write(run)
    speed = run.artifact("export").path("log/speed.parquet")
    speed.unlink()
    second = write(run)
    assert second.folder != first.folder
    assert "Tokens a second" in first.path("report.html").read_text()
    assert "Tokens a second" not in second.path("report.html").read_text()


def test_the_evaluation_that_is_given_is_the_one_shown(tmp_path: Path) -> None:
    run = make(tmp_path / "a", until="evaluate", text=True)
    failed = make(tmp_path / "b", until="evaluate", text=True, missed=["retention is 0.941, below the least allowed, 0.95"]).artifact(
        "evaluate"
    )
    assert "passed: 3 limits held" in write(run).path("report.html").read_text()
    page = write(run, failed).path("report.html").read_text()
    assert "failed: 1 check" in page
    assert "retention is 0.941" in page


def test_a_stopped_run_is_reported_as_far_as_it_came(tmp_path: Path) -> None:
    made = write(make(tmp_path, until="filter"))
    assert made.manifest.summary["not_done"] == "train, evaluate, export"


def test_a_run_with_nothing_in_it_is_told_to_be_empty(tmp_path: Path) -> None:
    run = Run.open(recipe(), out=tmp_path / "run", log=(log := Told()))
    write(run)
    write(run)
    told = f"report: nothing is done yet in {run.folder}, and the page says no more; `potstill run` makes what it shows"
    assert log.lines.count(told) == 2


def test_a_damaged_artifact_is_named(tmp_path: Path) -> None:
    run = make(tmp_path, until="train")
    Artifact.read(run.artifact("train").folder).path("metrics.parquet").write_bytes(b"no table")
    with pytest.raises(StoreError, match=r"metrics\.parquet: a damaged table; make its stage again with --force"):
        write(run)
