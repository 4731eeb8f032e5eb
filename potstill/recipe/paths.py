"""Paths in a recipe: `${POTSTILL_DATA}` stands for the folder of shared data."""

from __future__ import annotations

import os
import re
from pathlib import Path

from potstill.errors import InputError, RecipeError

VARIABLE = "POTSTILL_DATA"
DEFAULT = "../shared/data"
"""Where the shared data lie when the environment does not say, relative to the working directory."""


def expand(text: str) -> str:
    """`text` with `${POTSTILL_DATA}` replaced by the environment's value, or by `DEFAULT`.

    Raises:
        RecipeError: another variable stands in it.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] != VARIABLE:
            raise RecipeError(f"unknown variable {match[0]}", where=text, fix=f"only ${{{VARIABLE}}} is known")
        return os.environ.get(VARIABLE) or DEFAULT

    return re.sub(r"\$\{(\w*)\}", value, text)


def existing(text: str, where: str = "") -> Path:
    """The file or folder that `text` names, expanded.

    Raises:
        InputError: nothing is there; the message names the expanded path.
    """
    path = Path(expand(text))
    if not path.exists():
        fix = f"set {VARIABLE} to the folder of shared data" if VARIABLE in text else "check the path; it starts at the working directory"
        raise InputError(f"no such file or folder: {path}", where=where, fix=fix)
    return path
