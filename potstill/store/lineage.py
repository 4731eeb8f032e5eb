"""Finding an artifact by its content, and what it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from potstill.errors import StoreError
from potstill.store import atomic
from potstill.store.artifact import MANIFEST, Artifact

SHORTEST = 4
"""The shortest prefix of a content hash that is looked for."""


def find(wanted: str | Path, roots: Sequence[Path]) -> Artifact:
    """The artifact that is meant; where several folders hold the same content, the first.

    Args:
        wanted: an artifact's folder, or the first digits of its content hash, in upper or lower case.
        roots: run folders, or folders of run folders.

    Raises:
        StoreError: nothing fits, or several contents do.
    """
    if atomic.is_there(Path(wanted) / MANIFEST):
        return Artifact.read(Path(wanted))
    prefix, places = str(wanted).lower(), ", ".join(map(str, roots))
    if len(prefix) < SHORTEST or not all(digit in "0123456789abcdef" for digit in prefix):
        fix = f"give at least its first {SHORTEST} digits, or a folder such as runs/x/train/0123456789ab"
        raise StoreError("neither an artifact's folder nor a content hash", where=str(wanted), fix=fix)
    fitting = list(_by_content(artifact for artifact in artifacts(roots) if artifact.content.startswith(prefix)).values())
    if not fitting:
        raise StoreError("no artifact has this content", where=prefix, fix=f"looked in {places}")
    if len(fitting) > 1:
        raise StoreError("several artifacts fit", where=prefix, fix=f"give the folder: {', '.join(str(a.folder) for a in fitting)}")
    return fitting[0]


def artifacts(roots: Iterable[Path]) -> Iterator[Artifact]:
    """Every whole artifact in run folders and in folders of them, sorted by folder; damaged ones are passed over."""
    for root in roots:
        for pattern in (f"*/*/{MANIFEST}", f"*/*/*/{MANIFEST}"):
            with atomic.store_errors(root):
                paths = sorted(root.glob(pattern))
            for path in paths:
                try:
                    yield Artifact.read(path.parent)
                except StoreError:
                    continue


@dataclass(frozen=True)
class Lineage:
    """What an artifact came from, back to the first things.

    Attributes:
        content: the artifact's content hash.
        artifact: the artifact; None where it was not found.
        inputs: stage -> the lineage of what it was made from, sorted by name.
    """

    content: str
    artifact: Artifact | None
    inputs: Mapping[str, Lineage]

    @classmethod
    def of(cls, artifact: Artifact, roots: Sequence[Path]) -> Self:
        """The lineage of an artifact, as far as it is found in `roots`: run folders, or folders of run folders."""
        return cls._among(artifact.content, _by_content(artifacts(roots)) | {artifact.content: artifact})

    @classmethod
    def _among(cls, content: str, known: Mapping[str, Artifact]) -> Self:
        artifact = known.get(content)
        inputs = artifact.manifest.inputs if artifact else {}
        others = {key: found for key, found in known.items() if key != content}  # nothing is made of itself
        return cls(content, artifact, {name: cls._among(inputs[name], others) for name in sorted(inputs)})

    def facts(self) -> dict[str, Any]:
        """As nested tables of plain values."""
        if self.artifact is None:
            return {"content": self.content, "found": False}
        manifest = self.artifact.manifest
        return {
            "content": self.content,
            "stage": manifest.stage,
            "folder": str(self.artifact.folder),
            "finished": manifest.finished,
            "seed": manifest.seed,
            "code": manifest.code,
            "summary": manifest.summary,
            "inputs": {name: lineage.facts() for name, lineage in self.inputs.items()},
        }

    def lines(self) -> list[str]:
        """As an indented tree: a line each, the inputs below what was made of them; what comes twice is told once."""
        return [_line(self.artifact) if self.artifact else self.content, *self._branches("", set())]

    def _branches(self, indent: str, told: set[str]) -> Iterator[str]:
        for i, (name, source) in enumerate(self.inputs.items()):
            branch, deeper = ("└─ ", "   ") if i == len(self.inputs) - 1 else ("├─ ", "│  ")
            if source.artifact is None:
                yield f"{indent}{branch}{name} {source.content[:12]}  (not found)"
            elif source.content in told:
                yield f"{indent}{branch}{source.artifact.label}  (as above)"
            else:
                told.add(source.content)
                yield f"{indent}{branch}{_line(source.artifact)}"
                yield from source._branches(indent + deeper, told)


def _by_content(found: Iterable[Artifact]) -> dict[str, Artifact]:
    """Content -> the first artifact of it: the copies of a run folder hold the same."""
    known: dict[str, Artifact] = {}
    for artifact in found:
        known.setdefault(artifact.content, artifact)
    return known


def _line(artifact: Artifact) -> str:
    manifest = artifact.manifest
    numbers = ", ".join(f"{key} {value}" for key, value in manifest.summary.items() if isinstance(value, int | float | str))
    told = [artifact.label, str(artifact.folder), manifest.finished, f"seed {manifest.seed}", f"code {_code(manifest.code)}", numbers]
    return "  ".join(part for part in told if part)


def _code(revision: str) -> str:
    """A code revision as shown to people: short, and whether it had changes."""
    return re.sub(r"^([0-9a-f]{12})[0-9a-f]+", r"\1", revision)
