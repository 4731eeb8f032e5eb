"""Every recipe loads: those in `recipes/`, those in `potstill/data/`, and those shown in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.refresh import documents
from potstill.recipe import dump, load, parse
from tests.house import tree

RECIPES = sorted(path for folder in ("recipes", "potstill/data") for path in (tree.ROOT / folder).rglob("*.toml"))
SHOWN = [
    (path.relative_to(tree.ROOT).as_posix(), block)
    for path in documents()
    for block in re.findall(r"^```toml\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if "[student]" in block
]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.relative_to(tree.ROOT).as_posix())
def test_every_recipe_loads(path: Path) -> None:
    recipe = load(path)
    assert recipe.name == path.stem, "a recipe is called as its file"
    assert parse(dump(recipe)) == recipe


@pytest.mark.parametrize(("document", "block"), SHOWN)
def test_every_recipe_in_a_document_loads(document: str, block: str) -> None:
    recipe = parse(block, document)
    assert recipe.teachers, "a recipe that is shown can be run"
    assert parse(dump(recipe)) == recipe
