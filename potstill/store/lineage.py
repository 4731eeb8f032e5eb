"""Finding an artifact by its content, and what it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from potstill.errors import StoreError
from potstill.store.artifact import MANIFEST, Artifact

SHORTEST = 4
"""The shortest prefix of a content hash that is looked for."""


def find(wanted: str | Path, roots: Sequence[Path]) -> Artifact:
    """The artifact that is meant.

    Args:
        wanted: an artifact's folder, or the first digits of its content hash, in upper or lower case.
        roots: run folders, or folders of run folders.

    Raises:
        StoreError: nothing fits, or several artifacts do.
    """
    if (Path(wanted) / MANIFEST).is_file():
        return Artifact.read(Path(wanted))
    prefix, places = str(wanted).lower(), ", ".join(map(str, roots))
    if len(prefix) < SHORTEST or not all(digit in "0123456789abcdef" for digit in prefix):
        fix = f"give at least its first {SHORTEST} digits, or a folder such as runs/x/train/0123456789ab"
        raise StoreError("neither an artifact's folder nor a content hash", where=str(wanted), fix=fix)
    fitting = [artifact for artifact in artifacts(roots) if artifact.content.startswith(prefix)]
    if not fitting:
        raise StoreError("no artifact has this content", where=prefix, fix=f"looked in {places}")
    if len(fitting) > 1:
        raise StoreError("several artifacts fit", where=prefix, fix=f"give the folder: {', '.join(str(a.folder) for a in fitting)}")
    return fitting[0]


def artifacts(roots: Iterable[Path]) -> Iterator[Artifact]:
    """Every whole artifact in run folders and in folders of them, sorted by folder; damaged ones are passed over."""
    for root in roots:
        for pattern in (f"*/*/{MANIFEST}", f"*/*/*/{MANIFEST}"):
            for path in sorted(root.glob(pattern)):
                try:
                    yield Artifact.read(path.parent)
                except StoreError:
                    continue


def tree(artifact: Artifact, roots: Sequence[Path]) -> str:
    """What an artifact came from, as an indented text: a line each, the inputs below what was made of them."""
    known: dict[str, Artifact] = {}
    for found in artifacts(roots):
        known.setdefault(found.content, found)
    lines = [_line(artifact)]
    lines.extend(_inputs(artifact, known, "", set()))
    return "\n".join(lines) + "\n"


def _inputs(artifact: Artifact, known: dict[str, Artifact], indent: str, told: set[str]) -> Iterator[str]:
    inputs = sorted(artifact.manifest.inputs.items())
    for i, (name, content) in enumerate(inputs):
        last = i == len(inputs) - 1
        branch, deeper = ("└─ ", "   ") if last else ("├─ ", "│  ")
        source = known.get(content)
        if source is None:
            yield f"{indent}{branch}{name} {content[:12]}  (not found)"
        elif content in told:
            yield f"{indent}{branch}{source.label}  (as above)"
        else:
            told.add(content)
            yield f"{indent}{branch}{_line(source)}"
            yield from _inputs(source, known, indent + deeper, told)


def _line(artifact: Artifact) -> str:
    manifest = artifact.manifest
    numbers = ", ".join(f"{key} {value}" for key, value in manifest.summary.items() if isinstance(value, int | float | str))
    told = [artifact.label, str(artifact.folder), manifest.finished, f"seed {manifest.seed}", f"code {_code(manifest.code)}", numbers]
    return "  ".join(part for part in told if part)


def _code(revision: str) -> str:
    """A code revision as shown to people: short, and whether it had changes."""
    return re.sub(r"^([0-9a-f]{12})[0-9a-f]+", r"\1", revision)
