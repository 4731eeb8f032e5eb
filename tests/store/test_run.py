from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from potstill.errors import RecipeError, StoreError
from potstill.recipe import dump, parse
from potstill.store import Artifact, Log, Quiet, Run, Workspace
from tests.store import still
from tests.store.still import Heard, never, perform, writes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.open(still.recipe(), out=tmp_path / "run", log=Heard())


# ---------------------------------------------------------------- opening


def test_opening_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text(still.TEXT)
    run = Run.open("r.toml", overrides=["seed=3"])
    assert run.folder == Path("runs/still")
    assert run.recipe.seed == 3
    assert os.listdir(tmp_path) == ["r.toml"]
    assert isinstance(run.log, Log)
    assert run.artifacts() == {}


def test_a_run_folder_is_opened_with_its_own_recipe(run: Run) -> None:
    perform(run, "prompts", writes("a"))
    again = Run.open(run.folder)
    assert (again.recipe, again.folder) == (run.recipe, run.folder)
    assert again.artifacts() == run.artifacts()
    assert Run.open(run.folder, overrides=["train.lr=1e-5"]).recipe.train.lr == 1e-5


def test_the_folder_of_another_recipe_is_refused(run: Run) -> None:
    perform(run, "prompts", writes("a"))
    with pytest.raises(StoreError, match="this run folder belongs to the recipe 'still', not to 'other'; choose another --out"):
        Run.open(still.recipe("name=other"), out=run.folder)
    Run.open(still.recipe("seed=5"), out=run.folder)


def test_a_folder_of_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "recipe.toml", ".hidden"):
        folder = tmp_path / name.strip(".")
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(StoreError, match=f"{folder.name}: other files are in it, and it is no run folder; choose another --out"):
            Run.open(still.recipe(), out=folder)
        assert still.files(folder) == [name]
        assert (folder / name).read_text() == "mine"


def test_a_folder_that_is_empty_or_was_only_locked_is_taken(tmp_path: Path) -> None:
    perform(Run.open(still.recipe(), out=tmp_path, log=Quiet()), "prompts", writes("a"))
    for left in ([".lock"], [".lock", ".run.json.tmp"], [".lock", "recipe.toml", "prompts"]):
        folder = tmp_path / str(len(left)) / left[-1]
        folder.mkdir(parents=True)
        for name in left:
            (folder / name).mkdir() if name == "prompts" else (folder / name).write_text("")
        perform(Run.open(still.recipe(), out=folder, log=Quiet()), "prompts", writes("a"))
        assert Run.open(folder).recipe == still.recipe()


@pytest.mark.parametrize("out", ["", " ", "a\0b"])
def test_what_names_no_folder_is_refused(out: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(run, "prompts", writes("a"))
    monkeypatch.chdir(tmp_path)
    for recipe in (run.recipe, run.folder):
        with pytest.raises(StoreError, match=r"--out .*: this names no folder; name one, as in --out runs/x"):
            Run.open(recipe, out=out)


def test_paths_that_cannot_be_are_told(tmp_path: Path) -> None:
    for recipe, out in ((tmp_path / ("x" * 5000), None), (still.recipe(), tmp_path / ("x" * 300))):
        with pytest.raises(StoreError, match=r"x/run\.json: not a path that can be used: File name too long; choose another"):
            Run.open(recipe, out=out)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StoreError, match="not a path that can be used: Too many levels of symbolic links"):
        Run.open(still.recipe(), out=tmp_path / "loop")
    with pytest.raises(RecipeError, match=r"'a\\x00b': no such recipe; check the path"):
        Run.open("a\0b")


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such recipe"):
        Run.open(tmp_path / "nothing.toml")
    with pytest.raises(ValueError, match="overrides are for a recipe file"):
        Run.open(still.recipe(), overrides=["seed=1"])
    with pytest.raises(ValueError, match=r"force is a list of stages, not a single name: write force=\['train'\]"):
        Run.open(still.recipe(), force="train")
    with pytest.raises(ValueError, match=r"only is a list of stages, not a single name: write only=\['train'\]"):
        Run.open(still.recipe(), only="train")


def test_a_damaged_run_folder_is_told(run: Run) -> None:
    perform(run, "prompts", writes("a"))
    for text in ("{", "[1]", "3", '{"prompts": 3}', "[" * 100_000):
        (run.folder / "current.json").write_text(text)
        with pytest.raises(StoreError, match=r"current\.json: a damaged file; remove it"):
            run.artifacts()
    (run.folder / "run.json").write_text("[]")
    with pytest.raises(StoreError, match=r"run\.json: a damaged file; remove it"):
        Run.open(run.folder)


def test_a_run_folder_that_may_not_be_read_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(run, "prompts", writes("a"))
    real = os.stat

    def refused(path: Any, **options: Any) -> os.stat_result:
        if str(path).startswith(str(run.folder)):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    monkeypatch.setattr(os, "stat", refused)
    with pytest.raises(StoreError, match=r"run\.json: not permitted: Permission denied"):
        Run.open(run.folder)
    with pytest.raises(StoreError, match="not permitted: Permission denied"):
        perform(run, "prompts", never)


def test_a_file_where_a_stages_folder_belongs_is_told(run: Run) -> None:
    run.folder.mkdir()
    (run.folder / "prompts").write_text("")
    with pytest.raises(StoreError, match=r"run/prompts: a file where a folder belongs; move it away, or choose another folder"):
        perform(run, "prompts", writes("a"))


def test_the_resolved_recipe_is_kept(run: Run) -> None:
    perform(run, "prompts", writes("a"))
    assert (run.folder / "recipe.toml").read_text() == dump(run.recipe)
    changed = still.recipe("train.lr=0.5")
    perform(Run.open(changed, out=run.folder, log=Quiet()), "generate", writes("b"))
    assert parse((run.folder / "recipe.toml").read_text()) == changed
    assert json.loads((run.folder / "run.json").read_text()) == {"name": "still"}


# ---------------------------------------------------------------- identity


def identity(run: Run, **changes: Any) -> str:
    return perform(run, "generate", writes("a"), **changes).manifest.identity


def test_all_that_decides_the_outcome_is_in_the_identity(run: Run, tmp_path: Path) -> None:
    prompts, others = perform(run, "prompts", writes("a")), perform(run, "prompts", writes("b"), section={"n": 2})
    other_seed = Run.open(still.recipe("seed=1"), out=tmp_path / "seed", log=Quiet())
    ids = [
        identity(run),
        identity(run, section={"n": 2}),
        identity(run, parts={"p": "2"}),
        identity(run, parts={"q": "1"}),
        identity(run, inputs={"prompts": prompts}),
        identity(run, inputs={"prompts": others}),
        identity(other_seed),
        perform(run, "train", writes("a")).manifest.identity,
    ]
    assert len(set(ids)) == len(ids)


def test_what_does_not_decide_it_is_not(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = identity(run, section={"a": 1, "b": [1, 2]}, parts={"x": "1", "y": "2"})
    elsewhere = Run.open(still.recipe("train.lr=0.3"), out=tmp_path / "deep" / "elsewhere", log=Quiet())
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("POTSTILL_DATA", "/data")
    assert identity(elsewhere, section={"b": [1, 2], "a": 1}, parts={"y": "2", "x": "1"}) == first


def test_a_section_counts_as_its_values(run: Run) -> None:
    class Section(BaseModel):
        path: str = "${POTSTILL_DATA}/a"
        betas: tuple[float, float] = (0.9, 0.98)

    assert identity(run, section=Section()) == identity(run, section={"betas": [0.9, 0.98], "path": "${POTSTILL_DATA}/a"})


SECTIONS = st.dictionaries(st.text("abc", min_size=1), st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none(), max_size=4)


@settings(max_examples=40, deadline=None)
@given(SECTIONS, SECTIONS)
def test_two_sections_share_an_identity_only_when_they_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    from potstill.types import digest

    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (digest(one) == digest(other)) == same


def test_the_identity_is_the_same_in_every_process(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tests.store import still; print(still.distil(Path(sys.argv[1])).manifest.identity)"
    ids = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)], capture_output=True, text=True, env=environment, check=True
        )
        ids.add(done.stdout.strip())
    assert ids == {still.distil(tmp_path / "here").manifest.identity}


# ---------------------------------------------------------------- performing


def test_an_artifact_is_made_once(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    assert first.folder == run.folder / "prompts" / first.manifest.identity[:12]
    assert first.manifest.summary == {"letters": 1}
    assert perform(run, "prompts", never) == first
    assert run.log.lines == [f"prompts: unchanged, kept (artifact {first.content[:12]})"]
    assert run.artifact("prompts") == first


def test_going_back_is_free(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    second = perform(run, "prompts", writes("b"), section={"n": 2})
    assert first.folder != second.folder
    assert run.artifact("prompts") == second
    assert perform(run, "prompts", never) == first
    assert run.artifact("prompts") == first


def test_the_manifest_tells_what_was_done(run: Run) -> None:
    prompts = perform(run, "prompts", writes("a"))
    manifest = perform(run, "generate", writes("b"), inputs={"prompts": prompts}, section={"n": 1, "sources": ("x",)}).manifest
    assert manifest.stage == "generate"
    assert manifest.inputs == {"prompts": prompts.content}
    assert manifest.section == {"n": 1, "sources": ["x"]}
    assert list(manifest.files) == ["a.txt"]
    assert manifest.parts == {"p": "1"}
    assert manifest.environment["pyarrow"]
    assert manifest.code
    assert manifest.started <= manifest.finished


def test_force_makes_it_again_once_and_keeps_the_old_one(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    forced = Run.open(run.recipe, out=run.folder, force={"prompts"}, log=Quiet())
    second = perform(forced, "prompts", writes("b"))
    assert second.folder == first.folder
    assert (second.path("a.txt")).read_text() == "b"
    assert perform(forced, "prompts", never) == second
    assert Artifact.read(first.folder.with_name(first.folder.name + ".old-1")).content == first.content
    perform(Run.open(run.recipe, out=run.folder, force={"prompts"}, log=Quiet()), "prompts", writes("c"))
    assert sorted(path.name[12:] for path in (run.folder / "prompts").iterdir()) == ["", ".old-1", ".old-2"]


def test_force_of_what_was_never_made(run: Run) -> None:
    forced = Run.open(run.recipe, out=run.folder, force={"prompts"}, log=Quiet())
    perform(forced, "prompts", writes("a"))
    assert len(list((run.folder / "prompts").iterdir())) == 1


def test_force_goes_on_from_what_an_interrupted_run_left(run: Run) -> None:
    def broken(workspace: Workspace) -> dict[str, Any]:
        workspace.write_text("half.txt", "half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(run, "prompts", broken)
    forced = Run.open(run.recipe, out=run.folder, force={"prompts"}, log=Quiet())
    made = perform(forced, "prompts", writes("a"))
    assert set(made.manifest.files) == {"a.txt", "half.txt"}
    assert len(list((run.folder / "prompts").iterdir())) == 1


def test_a_forced_stage_that_an_interrupted_run_did_not_come_to_is_made_again_by_the_next(run: Run) -> None:
    def interrupted(workspace: Workspace) -> dict[str, Any]:
        raise KeyboardInterrupt

    perform(run, "prompts", writes("a"))
    perform(run, "report", writes("old"))
    with pytest.raises(KeyboardInterrupt):
        perform(Run.open(run.recipe, out=run.folder, force={"prompts", "report"}, log=Quiet()), "prompts", interrupted)
    after = Run.open(run.recipe, out=run.folder, log=Quiet())
    perform(after, "prompts", writes("a"))
    assert perform(after, "report", writes("new")).path("a.txt").read_text() == "new"
    assert json.loads((run.folder / "run.json").read_text()) == {"name": "still"}
    perform(Run.open(run.recipe, out=run.folder, log=Quiet()), "report", never)


def test_what_is_still_to_be_made_again_does_not_stop_other_stages(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    (run.folder / "run.json").write_text('{"name": "still", "make again": "prompts"}')
    assert perform(Run.open(run.recipe, out=run.folder, only={"train"}, log=Quiet()), "prompts", never) == first
    again = perform(Run.open(run.recipe, out=run.folder, only={"prompts"}, log=Quiet()), "prompts", writes("b"))
    assert again.path("a.txt").read_text() == "b"


def test_only_the_stages_asked_for_are_made(run: Run) -> None:
    one = Run.open(run.recipe, out=run.folder, only={"generate"}, log=Quiet())
    with pytest.raises(StoreError, match="the stage 'prompts' has not been done with these settings; run `potstill prompts`"):
        perform(one, "prompts", never)
    assert not run.folder.exists()
    first = perform(run, "prompts", writes("a"))
    assert perform(one, "prompts", never) == first
    perform(one, "generate", writes("b"))


def test_a_stage_that_was_never_made_is_told(run: Run) -> None:
    with pytest.raises(StoreError, match="nothing made by the stage 'train' yet; run `potstill train` first"):
        run.artifact("train")


def test_what_follows_from_a_replaced_artifact_is_current_no_more(run: Run) -> None:
    def chain(n: int) -> None:
        prompts = perform(run, "prompts", writes(str(n)), section={"n": n})
        traces = perform(run, "generate", writes(f"g{n}"), inputs={"prompts": prompts})
        perform(run, "train", writes(f"t{n}"), inputs={"generate": traces})

    perform(run, "export", writes("free of the others"))
    chain(1)
    before = run.artifacts()
    perform(run, "prompts", writes("2"), section={"n": 2})
    assert set(run.artifacts()) == {"prompts", "export"}
    chain(2)
    assert set(run.artifacts()) == set(before)
    chain(1)
    assert run.artifacts() == before


def test_an_equal_artifact_in_place_of_another_keeps_what_follows(run: Run) -> None:
    prompts = perform(run, "prompts", writes("same"))
    perform(run, "generate", writes("g"), inputs={"prompts": prompts})
    perform(run, "prompts", writes("same"), parts={"p": "2"})
    assert set(run.artifacts()) == {"prompts", "generate"}


def test_an_artifact_whose_folder_was_removed_is_made_again(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    (first.folder / "manifest.json").unlink()
    assert run.artifacts() == {}
    with pytest.raises(StoreError, match="nothing made by the stage 'prompts' yet"):
        run.artifact("prompts")
    assert perform(run, "prompts", writes("a")).content == first.content


def test_an_artifact_with_a_missing_file_is_not_kept(run: Run) -> None:
    first = perform(run, "prompts", writes("a"))
    (first.folder / "a.txt").unlink()
    with pytest.raises(StoreError, match=r"a\.txt: a file of the artifact is missing; make its stage again with --force"):
        perform(run, "prompts", never)
    again = perform(Run.open(run.recipe, out=run.folder, force={"prompts"}, log=Quiet()), "prompts", writes("a"))
    again.verify()


# ---------------------------------------------------------------- what a stage stands on


def made_of(run: Run, work: Any, n: int = 1) -> Artifact:
    """The students of the traces of the prompts; the first two stages are kept when they are there."""
    prompts = perform(run, "prompts", writes("p"))
    traces = perform(run, "generate", still.draw, inputs={"prompts": prompts})
    return perform(run, "train", work, inputs={"prompts": prompts, "generate": traces}, section={"n": n})


def opened_again(run: Run, **options: Any) -> Run:
    return Run.open(run.recipe, out=run.folder, log=Quiet(), **options)


def test_a_changed_artifact_is_not_worked_on(run: Run) -> None:
    made_of(run, writes("a"))
    traces = run.artifact("generate")
    shard = traces.path("traces-00001.parquet")
    shard.write_bytes(traces.path("traces-00000.parquet").read_bytes())
    with pytest.raises(StoreError, match=r"traces-00001\.parquet: a damaged file: its hash is not the manifest's; make its stage again"):
        made_of(opened_again(run), never, n=2)
    assert len(list((run.folder / "train").iterdir())) == 1
    made_of(opened_again(run), never)
    mended = made_of(opened_again(run, force={"generate"}), writes("b"), n=2)
    assert mended.manifest.inputs["generate"] == traces.content


def test_a_forced_stage_is_not_moved_aside_for_a_changed_artifact(run: Run) -> None:
    first = made_of(run, writes("a"))
    run.artifact("prompts").path("a.txt").write_text("q")
    with pytest.raises(StoreError, match=r"a\.txt: a damaged file"):
        made_of(opened_again(run, force={"train"}), never)
    assert run.artifact("train") == first


def test_an_artifact_is_verified_once_a_run_and_not_by_the_run_that_made_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def verify(artifact: Artifact, *, hashes: bool = True) -> None:
        read.extend([artifact.manifest.stage] if hashes else [])

    monkeypatch.setattr(Artifact, "verify", verify)
    made_of(run, writes("a"))
    assert read == []
    again = opened_again(run)
    made_of(again, never)
    assert read == []
    made_of(again, writes("b"), n=2)
    made_of(again, writes("c"), n=3)
    assert sorted(read) == ["generate", "prompts"]
