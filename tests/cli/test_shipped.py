"""The recipes that ship with the package are those that the repository shows."""

from __future__ import annotations

import pytest

from potstill.cli.shipped import recipe, recipes
from potstill.recipe import load
from tests.house import tree

NAMES = ("demo", "demo_full")


def test_the_demo_and_its_longer_form_ship() -> None:
    assert [path.stem for path in recipes()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_repository_shows_the_same_file(name: str) -> None:
    assert (tree.ROOT / "recipes" / f"{name}.toml").read_bytes() == recipe(name).read_bytes()
    assert load(recipe(name)).name == name


@pytest.mark.parametrize("path", sorted((tree.ROOT / "recipes").glob("*.toml")), ids=lambda path: path.name)
def test_every_recipe_says_what_it_is_and_how_it_is_run(path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert lines[0].endswith(".")
    assert any(line.startswith("#   potstill ") for line in lines)
