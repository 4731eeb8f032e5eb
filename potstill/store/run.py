"""A run folder, and the one way in which a stage makes an artifact."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from potstill.errors import StoreError
from potstill.recipe import Recipe, dump, load
from potstill.store import atomic
from potstill.store.artifact import MANIFEST, Artifact, Workspace, content_of, hash_files
from potstill.store.atomic import is_there
from potstill.store.environment import code_revision, environment
from potstill.store.lock import NAME as LOCK
from potstill.store.lock import FolderLock
from potstill.store.log import Log, Text
from potstill.types import Manifest, digest

RUNS = Path("runs")
"""The folder of run folders, in the working directory."""
ABOUT, CURRENT, RECIPE = "run.json", "current.json", "recipe.toml"
FORCED = "make again"
"""The key in `run.json` of the stages that a run was forced to make again and has not come to."""

Work = Callable[[Workspace], Mapping[str, Any]]


class Run:
    """A recipe and the folder of what was made by it. `Run.open` makes one; nothing is written before the first stage is performed.

    Attributes:
        recipe: the recipe as resolved.
        folder: the run folder: `recipe.toml`, `run.json` (its recipe's name, and the stages still to be made again), `current.json` and
            `<stage>/<identity>/` for each artifact.
        log: where the run tells what it does.
    """

    def __init__(self, recipe: Recipe, folder: Path, log: Log, force: Collection[str], only: Collection[str] | None) -> None:
        self.recipe, self.folder, self.log = recipe, folder, log
        self._force, self._only = set(force), only
        self._lock = FolderLock(folder)
        self._verified: set[tuple[Path, str]] = set()

    @classmethod
    def open(
        cls,
        recipe: str | Path | Recipe,
        *,
        overrides: Sequence[str] = (),
        out: str | Path | None = None,
        force: Collection[str] = (),
        only: Collection[str] | None = None,
        log: Log | None = None,
    ) -> Run:
        """Open a run.

        Args:
            recipe: a recipe, its file, or a run folder (whose own recipe is then read).
            overrides: `key.path=value`, as given to `--set`.
            out: the run folder; None: `runs/<the recipe's name>`, or the run folder given as `recipe`.
            force: stages that are made again, once; what they made before is moved aside. One that was interrupted goes on, and one that
                the run does not come to, for an interrupt or a missed limit, is made again by the next that does.
            only: the stages that may be made; others must be there already. None: all.
            log: where the run tells what it does; None: plain lines on standard error.

        Raises:
            RecipeError: the recipe cannot be read.
            StoreError: the folder belongs to another recipe, holds other files, cannot be read or is damaged.
            ValueError: one name where a list of them belongs, or overrides of a recipe that is not read from a file.
        """
        for name, given in (("force", force), ("only", only)):
            if isinstance(given, str):
                raise ValueError(f"{name} is a list of stages, not a single name: write {name}=[{given!r}]")
        if not isinstance(recipe, Recipe):
            path = Path(recipe)
            if is_there(path / ABOUT):
                path, out = path / RECIPE, path if out is None else out
            recipe = load(path, overrides)
        elif overrides:
            raise ValueError("overrides are for a recipe file; give a Recipe with the settings in it")
        folder = named(out) if out is not None else RUNS / recipe.name
        about = _read_json(folder / ABOUT)
        owner = about.get("name", recipe.name)
        if owner != recipe.name:
            raise StoreError(
                f"this run folder belongs to the recipe {owner!r}, not to {recipe.name!r}", where=str(folder), fix="choose another --out"
            )
        if _is_foreign(folder):
            raise StoreError("other files are in it, and it is no run folder", where=str(folder), fix="choose another --out")
        return cls(recipe, folder, log or Text(), {*force, *about.get(FORCED, "").split()}, only)

    def artifacts(self) -> dict[str, Artifact]:
        """Stage -> its current artifact, for the stages that have one."""
        current = _read_json(self.folder / CURRENT)
        return {stage: Artifact.read(self.folder / place) for stage, place in current.items() if is_there(self.folder / place / MANIFEST)}

    def artifact(self, stage: str) -> Artifact:
        """The stage's current artifact.

        Raises:
            StoreError: there is none.
        """
        place = _read_json(self.folder / CURRENT).get(stage)
        if place is None or not is_there(self.folder / place / MANIFEST):
            raise StoreError(f"nothing made by the stage {stage!r} yet", where=str(self.folder), fix=f"run `potstill {stage}` first")
        return Artifact.read(self.folder / place)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock for the block, so that no other process writes between two stages.

        Raises:
            StoreError: another process holds it, or the folder cannot be written.
        """
        with self._lock.held(), atomic.store_errors(self.folder):
            self._tell_about()
            resolved, path = dump(self.recipe), self.folder / RECIPE
            if not path.is_file() or path.read_text(encoding="utf-8") != resolved:
                atomic.write_text(path, resolved)
            yield

    @contextmanager
    def trying(self) -> Iterator[None]:
        """As `locked`; when the block fails, the folder's recipe is again the one before, so that a setting that is refused is not kept.

        Raises:
            StoreError: as of `locked`.
        """
        path = self.folder / RECIPE
        with self._lock.held(), atomic.store_errors(self.folder):
            before = path.read_text(encoding="utf-8") if path.is_file() else None
            try:
                with self.locked():
                    yield
            except BaseException:
                if before is not None:
                    atomic.write_text(path, before)
                raise

    def perform(
        self,
        stage: str,
        *,
        section: BaseModel | Mapping[str, Any],
        inputs: Mapping[str, Artifact],
        parts: Mapping[str, str],
        work: Work,
        beside: Sequence[str] = (),
    ) -> Artifact:
        """The artifact of a stage: kept when it is there, else made, going on from what an interrupted run left.

        Args:
            stage: the stage's name; `filter.answer` is a part of the stage `filter` that is kept by itself.
            section: the settings that the outcome depends on.
            inputs: stage -> the artifact read; all that the work reads must be named.
            parts: part -> version, and whatever else decides the outcome (the hash of a source file, a teacher's weights).
            work: makes the files in the workspace, and returns the artifact's few numbers. It finds what an interrupted run left.
            beside: tables that only tell of the others: when nothing but they would differ, what was made of the artifact stays.

        Raises:
            StoreError: the folder is locked or cannot be written, the stage is not among those that may be made, or it would have to work
                on an input that is not what was made: the inputs' files are held against their hashes first, once for each artifact.
        """
        settings, contents, identity = self._identity(stage, section, inputs, parts)
        folder = self.folder / stage / identity[:12]
        whole = stage.partition(".")[0]
        forced = whole in self._force and (self._only is None or whole in self._only)
        if not forced and is_there(folder / MANIFEST):
            return self._keep(folder)
        if self._only is not None and whole not in self._only:
            fix = f"run `potstill {whole}` with the same recipe and settings first"
            raise StoreError(f"the stage {whole!r} has not been done with these settings", where=str(self.folder), fix=fix)
        with self.locked():
            if not forced and is_there(folder / MANIFEST):  # made by another process since
                return self._keep(folder)
            self.verify(inputs.values())
            if forced:
                _move_aside(folder)
                self._force.discard(stage)
                self._tell_about()
            blank = Manifest(
                stage=stage,
                identity=identity,
                content="",
                section=settings,
                inputs=contents,
                files={},
                parts=dict(parts),
                seed=self.recipe.seed,
                code=code_revision(),
                environment={},
                started=_now(),
                finished="",
                beside=list(beside),
            )
            artifact = _make(folder, blank, work)
            self._verified.add((folder, artifact.content))
            self._make_current(artifact)
        return artifact

    def find(
        self, stage: str, *, section: BaseModel | Mapping[str, Any], inputs: Mapping[str, Artifact], parts: Mapping[str, str]
    ) -> Artifact | None:
        """The artifact that `perform` would make of these, where it is there already, current or not; None: it is not.

        Raises:
            StoreError: it is damaged.
        """
        *_, identity = self._identity(stage, section, inputs, parts)
        folder = self.folder / stage / identity[:12]
        return Artifact.read(folder) if is_there(folder / MANIFEST) else None

    def _identity(
        self, stage: str, section: BaseModel | Mapping[str, Any], inputs: Mapping[str, Artifact], parts: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, str], str]:
        """The settings as plain values, the contents of the inputs, and the hash that an artifact of them is named by."""
        settings = to_jsonable_python(section)
        contents = {name: artifact.content for name, artifact in sorted(inputs.items())}
        return settings, contents, digest([stage, settings, contents, dict(parts), self.recipe.seed])

    def verify(self, artifacts: Iterable[Artifact]) -> None:
        """Hold the files of artifacts against their hashes, where this run has not done so; what it made itself it has just hashed.

        Raises:
            StoreError: a file is missing, is not what the manifest says, or is not in it.
        """
        for artifact in artifacts:
            if (artifact.folder, artifact.content) not in self._verified:
                artifact.verify()
                self._verified.add((artifact.folder, artifact.content))

    def _tell_about(self) -> None:
        """Write `run.json`, where it says something else."""
        about = {"name": self.recipe.name, **({FORCED: " ".join(sorted(self._force))} if self._force else {})}
        if _read_json(self.folder / ABOUT) != about:
            atomic.write_text(self.folder / ABOUT, json.dumps(about) + "\n")

    def _keep(self, folder: Path) -> Artifact:
        artifact = Artifact.read(folder)
        artifact.verify(hashes=False)
        Workspace(folder).remove_scratch()
        self.log.say(f"{artifact.manifest.stage}: unchanged, kept (artifact {artifact.content[:12]})")
        if _read_json(self.folder / CURRENT).get(artifact.manifest.stage) != self._place(artifact):
            with self.locked():
                self._make_current(artifact)
        return artifact

    def _place(self, artifact: Artifact) -> str:
        return artifact.folder.relative_to(self.folder).as_posix()

    def _make_current(self, artifact: Artifact) -> None:
        """Make the artifact its stage's current one; what was made from the one it replaces is current no more."""
        current = self.artifacts()
        replaced = current.pop(artifact.manifest.stage, artifact)
        stale = {replaced.content} - {artifact.content}
        while made_of := [stage for stage, found in current.items() if not stale.isdisjoint(found.manifest.inputs.values())]:
            stale |= {current.pop(stage).content for stage in made_of}
        current[artifact.manifest.stage] = artifact
        places = {stage: self._place(found) for stage, found in current.items()}
        atomic.write_text(self.folder / CURRENT, json.dumps(places, indent=2) + "\n")


def _make(folder: Path, blank: Manifest, work: Work) -> Artifact:
    """Do the work in the folder, then name its files and write the manifest, last."""
    with atomic.store_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        workspace = Workspace(folder)
        summary = work(workspace)
        workspace.sync()
        files = hash_files(folder)
        outcome = {"content": content_of(blank.stage, files, blank.beside), "files": files, "summary": to_jsonable_python(summary)}
        manifest = replace(blank, **outcome, environment=environment(), finished=_now())
        atomic.write_text(folder / MANIFEST, manifest.to_json())
        workspace.remove_scratch()
    return Artifact(folder, manifest)


def _move_aside(folder: Path) -> None:
    """Rename `<id>` to the first free `<id>.old-N`, if it is whole; what an interrupted run left there is gone on from."""
    if (folder / MANIFEST).is_file():
        n = next(n for n in count(1) if not folder.with_name(f"{folder.name}.old-{n}").exists())
        folder.rename(folder.with_name(f"{folder.name}.old-{n}"))


def named(out: str | Path) -> Path:
    """The folder that `out` names.

    Raises:
        StoreError: it names none: it is empty, which would be the working directory, or holds a null character.
    """
    if not str(out).strip() or "\0" in str(out):
        raise StoreError("this names no folder", where=f"--out {str(out)!r}", fix="name one, as in --out runs/x")
    return Path(out)


def _is_foreign(folder: Path) -> bool:
    """Whether the folder has files in it and is no run folder. The lock, which is written before all else, is the mark of one too."""
    with atomic.store_errors(folder), suppress(FileNotFoundError):
        return any(folder.iterdir()) and not any(is_there(folder / name) for name in (ABOUT, LOCK))
    return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_json(path: Path) -> dict[str, str]:
    """A small file of the run folder, names and what they stand for; empty when it is not there."""
    try:
        with atomic.store_errors(path):
            value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError, IsADirectoryError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise StoreError("a damaged file", where=str(path), fix="remove it: it is written anew")
    return value
