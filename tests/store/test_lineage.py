from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.store import Artifact, Lineage, find
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


def test_of_several_folders_of_one_content_the_first_is_taken(runs: Path) -> None:
    """The prompts of the two runs are the same, under another seed."""
    content = current(runs, "prompts").content
    for digits in (content, content[:10]):
        assert find(digits, [runs]).folder.parent == runs / "one" / "prompts"
        assert find(digits, [runs / "two", runs]).folder.parent == runs / "two" / "prompts"


def test_a_copied_run_folder_is_no_ambiguity(runs: Path) -> None:
    shutil.copytree(runs / "two", runs / "two-copy")
    wanted = current(runs, "generate")
    assert find(wanted.content[:8], [runs]) == wanted


def test_a_prefix_of_several_contents_is_told(runs: Path) -> None:
    for name in ("prompts", "generate"):
        made = current(runs, name)
        (made.folder / "manifest.json").write_text(replace(made.manifest, content="abcde" + made.content[5:]).to_json())
    shutil.copytree(runs / "two", runs / "two-copy")
    with pytest.raises(StoreError, match="abcde: several artifacts fit; give the folder: ") as caught:
        find("abcde", [runs])
    assert caught.value.fix.count("two/") == 2
    assert "two-copy" not in caught.value.fix


def test_a_name_that_no_file_can_have_is_told(runs: Path) -> None:
    for wanted, roots in (("x" * 300, [runs]), ("abcd", [Path("x" * 300)])):
        with pytest.raises(StoreError, match="x: not a path|x/manifest.json: not a path"):
            find(wanted, roots)


def test_damaged_ones_are_passed_over(runs: Path) -> None:
    wanted = current(runs, "generate")
    (wanted.folder / "manifest.json").write_text("{")
    assert len(list(artifacts([runs]))) == 4
    with pytest.raises(StoreError, match="no artifact has this content"):
        find(wanted.content, [runs])


def test_the_tree_shows_what_an_artifact_came_from(runs: Path) -> None:
    lines = Lineage.of(current(runs, "generate"), [runs / "two"]).lines()
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
    assert f"  code {told}  " in Lineage.of(made, []).lines()[0]


def test_sources_that_are_gone_and_sources_that_come_twice(runs: Path) -> None:
    run = still.Run.open(runs / "two", log=still.Quiet())
    prompts, traces = run.artifact("prompts"), run.artifact("generate")

    def train(workspace: still.Workspace) -> dict[str, int]:
        workspace.write_text("a", "a")
        return {}

    student = run.perform("train", section={}, inputs={"generate": traces, "prompts": prompts}, parts={}, work=train)
    lines = Lineage.of(student, [runs]).lines()
    assert [line.lstrip("│├└─ ").split()[0] for line in lines] == ["train", "generate", "prompts", "prompts"]
    assert lines[2].startswith("│  └─ prompts")
    assert lines[3].startswith("└─ prompts")
    assert lines[3].endswith("(as above)")
    assert Lineage.of(student, []).lines()[1] == f"├─ generate {traces.content[:12]}  (not found)"


def test_the_facts_are_the_same_walk_in_nested_tables(runs: Path) -> None:
    made = current(runs, "generate")
    told = Lineage.of(made, [runs / "two"]).facts()
    assert (told["content"], told["stage"], told["folder"]) == (made.content, "generate", str(made.folder))
    assert told["inputs"]["prompts"]["summary"] == {"prompts": 10}
    assert told["inputs"]["prompts"]["inputs"] == {}
    gone = Lineage.of(made, []).facts()["inputs"]
    assert gone == {"prompts": {"content": current(runs, "prompts").content, "found": False}}


def test_what_says_that_it_was_made_of_itself_ends(runs: Path) -> None:
    made = current(runs, "prompts")
    (made.folder / "manifest.json").write_text(replace(made.manifest, inputs={"prompts": made.content}).to_json())
    assert Lineage.of(current(runs, "prompts"), [runs]).lines()[1] == f"└─ prompts {made.content[:12]}  (not found)"
