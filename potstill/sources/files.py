"""The files that a source names: one, a folder of them, or those that a pattern fits."""

from __future__ import annotations

from collections.abc import Sequence
from glob import glob
from pathlib import Path

from potstill.errors import InputError
from potstill.recipe.paths import existing, expand
from potstill.store.artifact import digest_file
from potstill.text.lines import COMPRESSED, ending
from potstill.text.rows import ENDINGS
from potstill.types import digest


def files_of(name: str, where: str) -> list[Path]:
    """The files, by name: the one that is named, those below a folder, or those that a pattern fits, `FOLDER/*.jsonl` or `FOLDER/**/*.csv`.

    Of a folder and of a pattern only files with an ending that can be read are taken, and none that is hidden.

    Raises:
        InputError: there are none, or one cannot be read.
    """
    place = expand(name)
    if "*" in place:
        found = [Path(path) for path in glob(place, recursive=True)]
    elif name.strip() and Path(place).is_dir():
        found = [path for path in Path(place).rglob("*") if not any(part.startswith(".") for part in path.relative_to(place).parts)]
    else:
        return [existing(name, where)]
    taken = sorted(path for path in found if ending(path) in ENDINGS and path.is_file())
    if not taken:
        raise InputError(f"no file that can be read: {place}", where=where, fix=f"known endings are {', '.join(ENDINGS)}")
    return taken


def fingerprint_of(files: Sequence[Path]) -> str:
    """SHA-256 of a file, or of the names and hashes of several."""
    if len(files) == 1:
        return digest_file(files[0])
    return digest([[path.as_posix(), digest_file(path)] for path in files])


def plain_name(path: Path) -> str:
    """A file's name without its endings: `a` of `a.jsonl.gz`."""
    return Path(path.stem).stem if path.suffix.lower() in COMPRESSED else path.stem
