"""Arrows point down: foundation, tools, stages, top. No stage imports a stage, and nothing goes round in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house import tree

MODULES = sorted(tree.modules())


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_down(module: str) -> None:
    home = tree.unit(module)
    assert home in tree.LAYERS, f"potstill/{home} belongs to no layer: name it in tests/house/tree.py"
    for target in tree.imports(module):
        there = tree.unit(target)
        assert tree.LAYERS[there] <= tree.LAYERS[home], f"{module} imports {target}, which lies above it"
        assert there == home or not {there, home} <= tree.STAGES, f"the stage {home} imports the stage {there}: in {module}"


def circle(arrows: dict[str, set[str]]) -> list[str] | None:
    """A circle among the arrows, or None."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_no_circle_among_the_parts_of_the_house() -> None:
    arrows: dict[str, set[str]] = {}
    for module in MODULES:
        home = tree.unit(module)
        arrows.setdefault(home, set()).update(tree.unit(target) for target in tree.imports(module) if tree.unit(target) != home)
    assert circle(arrows) is None


def test_no_circle_among_the_files() -> None:
    assert circle({module: tree.imports(module) for module in MODULES}) is None


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) is not None
    assert circle({"a": {"b", "c"}, "b": {"c"}}) is None


def test_every_way_to_import_is_seen(tmp_path, monkeypatch) -> None:
    text = (
        "from typing import TYPE_CHECKING\n"
        "import potstill.errors\n"
        "if TYPE_CHECKING:\n    from potstill.recipe import Recipe\n"
        "def f():\n    from potstill.store import atomic\n    import importlib\n    importlib.import_module('potstill.types')\n"
        "    from .registry import part\n"
    )
    path = tmp_path / "probe.py"
    path.write_text(text)
    known = {**tree.modules(), "potstill.probe": path}
    monkeypatch.setattr(tree, "modules", lambda: known)
    expected = {"potstill.errors", "potstill.recipe", "potstill.store.atomic", "potstill.types", "potstill.registry"}
    assert tree.imports("potstill.probe") == expected
