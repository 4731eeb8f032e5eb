from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.store import Artifact, find, tree
from potstill.store.lineage import artifacts
from tests.store import still


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    still.distil(tmp_path / "runs" / "one")
    still.distil(tmp_path / "runs" / "two", "seed=1")
    still.distil(
        tmp_path / "runs" / "two", "seed=1", "generate.temperature=0.5", draw=lambda w: {**still.draw(w), "x": w.write_text("x", "x")}
    )
    return tmp_path / "runs"


def current(runs: Path, stage: str) -> Artifact:
    return still.Run.open(runs / "two").artifact(stage)


def test_an_artifact_is_found_by_content_and_by_folder(runs: Path) -> None:
    wanted = current(runs, "generate")
    for roots in ([runs], [runs / "one", runs / "two"]):
        assert find(wanted.content, roots) == wanted
        assert find(wanted.content[:8], roots) == wanted
        assert find(wanted.content[:8].upper(), roots) == wanted
    assert find(wanted.folder, []) == wanted
    assert find(str(wanted.folder), []) == wanted


def test_what_is_not_found_is_told(runs: Path) -> None:
    with pytest.raises(StoreError, match="ffffffff: no artifact has this content; looked in"):
        find("ffffffff", [runs])
    with pytest.raises(
        StoreError, match="nonsense: neither an artifact's folder nor a content hash; give at least its first 4 digits, or a folder such"
    ):
        find("nonsense", [runs])
    with pytest.raises(StoreError, match="neither"):
        find("abc", [runs])


def test_a_prefix_of_several_is_told(runs: Path) -> None:
    """The prompts of the two runs are the same, under another seed."""
    content = current(runs, "prompts").content
    with pytest.raises(StoreError, match=r"several artifacts fit; give the folder: .*one/prompts.*two/prompts"):
        find(content[:10], [runs])


def test_damaged_ones_are_passed_over(runs: Path) -> None:
    wanted = current(runs, "generate")
    (wanted.folder / "manifest.json").write_text("{")
    assert len(list(artifacts([runs]))) == 4
    with pytest.raises(StoreError, match="no artifact has this content"):
        find(wanted.content, [runs])


def test_the_tree_shows_what_an_artifact_came_from(runs: Path) -> None:
    lines = tree(current(runs, "generate"), [runs / "two"]).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"generate {current(runs, 'generate').content[:12]}  {runs}/two/generate/")
    assert lines[1].startswith(f"└─ prompts {current(runs, 'prompts').content[:12]}  {runs}/two/prompts/")
    assert "seed 1" in lines[1]
    assert lines[1].endswith("prompts 10")


@pytest.mark.parametrize(
    ("code", "told"), [("a" * 40, "a" * 12), ("a" * 40 + "-dirty", "a" * 12 + "-dirty"), ("potstill 0.1.0", "potstill 0.1.0")]
)
def test_the_tree_tells_whether_the_code_was_changed(runs: Path, code: str, told: str) -> None:
    made = current(runs, "prompts")
    made = replace(made, manifest=replace(made.manifest, code=code))
    assert f"  code {told}  " in tree(made, [])


def test_sources_that_are_gone_and_sources_that_come_twice(runs: Path) -> None:
    run = still.Run.open(runs / "two", log=still.Quiet())
    prompts, traces = run.artifact("prompts"), run.artifact("generate")

    def train(workspace: still.Workspace) -> dict[str, int]:
        workspace.write_text("a", "a")
        return {}

    student = run.perform("train", section={}, inputs={"generate": traces, "prompts": prompts}, parts={}, work=train)
    lines = tree(student, [runs]).splitlines()
    assert [line.lstrip("│├└─ ").split()[0] for line in lines] == ["train", "generate", "prompts", "prompts"]
    assert lines[2].startswith("│  └─ prompts")
    assert lines[3].startswith("└─ prompts")
    assert lines[3].endswith("(as above)")
    assert tree(student, []).splitlines()[1] == f"├─ generate {traces.content[:12]}  (not found)"
