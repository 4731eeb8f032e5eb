"""The recipes that ship with the package; `recipes/` in the repository shows the same files."""

from __future__ import annotations

from pathlib import Path

import potstill

FOLDER = Path(potstill.__file__).parent / "data"


def recipes() -> list[Path]:
    """The shipped recipes, by name."""
    return sorted(FOLDER.glob("*.toml"))


def recipe(name: str) -> Path:
    """The shipped recipe of that name."""
    return FOLDER / f"{name}.toml"
