"""Paths in a recipe: `${POTSTILL_DATA}` stands for the folder of shared data."""

from __future__ import annotations

import os
import re
from pathlib import Path

from potstill.errors import InputError, RecipeError

VARIABLE = "POTSTILL_DATA"
DEFAULT = "../shared/data"
"""Where the shared data lie when the environment does not say, relative to the working directory."""
CHECK = "check the path; it starts at the working directory"


def expand(text: str) -> str:
    """`text` with `${POTSTILL_DATA}` replaced by the environment's value, or by `DEFAULT`, and a leading `~` by the home folder.

    Raises:
        RecipeError: another variable stands in it.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] != VARIABLE:
            raise RecipeError(f"unknown variable {match[0]}", where=text, fix=f"only ${{{VARIABLE}}} is known")
        return os.environ.get(VARIABLE) or DEFAULT

    return os.path.expanduser(re.sub(r"\$\{(\w*)\}", value, text))


def is_path(name: str) -> bool:
    """Whether the name of a model, tokenizer or dataset can only mean a folder: the hub's are `name` or `owner/name`."""
    return name.startswith((".", "/", "~", "$")) or name.count("/") > 1


def existing(text: str, where: str = "") -> Path:
    """The file that `text` names, expanded.

    Raises:
        InputError: it names nothing, a folder, or a file that is not there or cannot be read; the message names the expanded path.
    """
    path = Path(expand(text))
    if not text.strip():
        raise InputError("no file is named", where=where, fix="write its path")
    try:
        path.open("rb").close()
    except IsADirectoryError:
        fix = f"name a file in it; a dataset's folder is the source hf:{text}:SPLIT"
        raise InputError(f"a folder, not a file: {path}", where=where, fix=fix) from None
    except PermissionError:
        raise InputError(f"not permitted to read {path}", where=where, fix="change its permissions") from None
    except (OSError, ValueError):
        shared = Path(expand(f"${{{VARIABLE}}}"))
        fix = f"set {VARIABLE} to the folder of shared data" if VARIABLE in text and not shared.is_dir() else CHECK
        raise InputError(f"no such file or folder: {path}", where=where, fix=fix) from None
    return path
