"""An artifact: the folder that a stage made, and the workspace in which it makes one."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from potstill.errors import StoreError
from potstill.store import atomic, tables
from potstill.types import Manifest, digest

MANIFEST = "manifest.json"
LOG = "log"
"""Files in this folder are kept and belong to no content hash: seconds, rates."""
SCRATCH = ".scratch"
"""Files in this folder survive an interruption and are removed when the artifact is whole: checkpoints."""


def digest_file(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Relative path -> SHA-256 of the files that an artifact consists of, sorted; the manifest, `log/` and scratch are left out."""
    return {name: digest_file(folder / name) for name in _files(folder)}


def _files(folder: Path) -> list[str]:
    """Relative paths of the files that an artifact consists of, sorted."""
    inside = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path.as_posix() for path in inside if path.parts[0] not in (MANIFEST, LOG, SCRATCH)]


def content_of(stage: str, files: Mapping[str, str], beside: Sequence[str] = ()) -> str:
    """The content hash of a stage's files, without the tables that only tell of the others."""
    aside = {path for path in files for name in beside if re.fullmatch(rf"{re.escape(name)}(-\d+)?\.parquet", path)}
    return digest([stage, {path: hashed for path, hashed in files.items() if path not in aside}])


@dataclass(frozen=True)
class Artifact:
    """What a stage made: files that no longer change, and what they came from.

    Attributes:
        folder: where the files are.
        manifest: what they are.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The artifact in a folder.

        Raises:
            StoreError: there is none, or its manifest is damaged or cannot be read.
        """
        path = folder / MANIFEST
        try:
            with atomic.store_errors(path):
                return cls(folder, Manifest.from_json(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise StoreError("no artifact here", where=str(folder), fix="run the stage that makes it") from None
        except (ValueError, TypeError, RecursionError, IsADirectoryError) as error:
            raise StoreError("a damaged manifest", where=str(path), fix="make its stage again with --force") from error

    @property
    def content(self) -> str:
        """The hash of the files: the artifact's name wherever it is moved to."""
        return self.manifest.content

    @property
    def label(self) -> str:
        """Stage and short content hash, as shown to people: `generate 3f2a9c01b7de`."""
        return f"{self.manifest.stage} {self.content[:12]}"

    def path(self, name: str) -> Path:
        """A file or folder of the artifact.

        Raises:
            StoreError: it is not there.
        """
        path = self.folder / name
        if not path.exists():
            raise StoreError(f"no {name} in the artifact", where=str(self.folder), fix="make its stage again with --force")
        return path

    def table(self, name: str) -> pa.Table:
        """The table `<name>.parquet`, or its shards `<name>-00000.parquet`, … put together in order.

        Raises:
            StoreError: there is none, or a file is damaged.
        """
        return tables.read_all(self.folder, name)

    def stream(self, name: str, columns: Sequence[str] | None = None, size: int = tables.BATCH) -> Iterator[pa.Table]:
        """As `table`, `size` rows at a time; `columns` alone, where they are named.

        Raises:
            StoreError: there is none, or a file is damaged.
        """
        return tables.stream(self.folder, name, columns, size)

    def count(self, name: str) -> int:
        """How many rows the table has; none is read.

        Raises:
            StoreError: there is no such table, or a file is damaged.
        """
        return tables.count(self.folder, name)

    def verify(self, *, hashes: bool = True) -> None:
        """Check that every file of the manifest is there.

        Args:
            hashes: check as well that each is unchanged, and that no other stands beside them (hidden ones may).

        Raises:
            StoreError: a file is missing, is not what the manifest says, or is not in it.
        """
        fix = "make its stage again with --force"
        for name, expected in self.manifest.files.items():
            path = self.folder / name
            if not path.is_file():
                raise StoreError("a file of the artifact is missing", where=str(path), fix=fix)
            if hashes and digest_file(path) != expected:
                raise StoreError("a damaged file: its hash is not the manifest's", where=str(path), fix=fix)
        for name in _files(self.folder) if hashes else ():
            if name not in self.manifest.files and not Path(name).name.startswith("."):
                raise StoreError("a file that is none of the artifact's", where=str(self.folder / name), fix="move it out of the folder")
        if content_of(self.manifest.stage, self.manifest.files, self.manifest.beside) != self.content:
            raise StoreError("a damaged manifest: its content hash is not its files'", where=str(self.folder / MANIFEST), fix=fix)


class Workspace:
    """The folder in which a stage makes its artifact. What an interrupted run left there is whole, so the work goes on from it.

    Attributes:
        folder: where the artifact will be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where a file goes; the folder around it is made. Prefer the writing methods: what they write is never half there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def has(self, name: str) -> bool:
        """Whether the file or folder is there, whole."""
        return (self.folder / name).exists()

    def has_table(self, name: str, shard: int | None = None) -> bool:
        """Whether the table, or that shard of it, is there, whole."""
        return self.has(tables.file_name(name, shard))

    def table(self, name: str) -> pa.Table:
        """As `Artifact.table`, for what is there so far."""
        return tables.read_all(self.folder, name)

    def stream(self, name: str, columns: Sequence[str] | None = None, size: int = tables.BATCH) -> Iterator[pa.Table]:
        """As `Artifact.stream`, for what is there so far."""
        return tables.stream(self.folder, name, columns, size, "remove it and run the same command: it is made anew")

    def write_table(self, name: str, table: pa.Table, shard: int | None = None) -> None:
        """Write `<name>.parquet`, or one shard of it."""
        tables.write(self.folder / tables.file_name(name, shard), table)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file in UTF-8."""
        atomic.write_text(self.folder / name, text)

    def write_json(self, name: str, value: Mapping[str, Any] | list[Any]) -> None:
        """Write a value as indented JSON."""
        self.write_text(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def write_folder(self, name: str) -> Iterator[Path]:
        """A temporary folder to fill; it takes its name when the block ends well: for libraries that write many files."""
        with atomic.whole_folder(self.folder / name) as temporary:
            yield temporary

    @property
    def log(self) -> Path:
        """The folder for what differs between equal runs (seconds, rates); it belongs to no content hash."""
        return self._made(LOG)

    @property
    def scratch(self) -> Path:
        """The folder for what only an interrupted run needs (checkpoints); removed when the artifact is whole."""
        return self._made(SCRATCH)

    def _made(self, name: str) -> Path:
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def sync(self) -> None:
        """Bring every file to the disk; half-written ones are removed first."""
        atomic.clear_temporaries(self.folder)
        for path in sorted(self.folder.rglob("*")):
            if path.relative_to(self.folder).parts[0] != SCRATCH:
                atomic.sync(path)

    def remove_scratch(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
