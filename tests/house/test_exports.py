"""What a package hands on: `__all__` is sorted, complete and real."""

from __future__ import annotations

import ast
import importlib
from typing import Any

import pytest

from tests.house import tree

PACKAGES = [name for name, path in tree.modules().items() if path.name == "__init__.py"]


def exported(module: str) -> list[str] | None:
    """The `__all__` of a package; None when it has none."""
    for node in tree.parsed(tree.modules()[module]).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names: Any = ast.literal_eval(node.value)
            return list(names)
    return None


def handed_on(module: str) -> set[str]:
    """The public names that an `__init__` imports from the package."""
    nodes = [node for node in tree.parsed(tree.modules()[module]).body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in nodes if (node.module or "").startswith("potstill") for alias in node.names}
    return {name for name in names if not name.startswith("_")}


def order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("module", PACKAGES)
def test_all_is_sorted_and_complete(module: str) -> None:
    names = exported(module)
    if names is None:
        assert not handed_on(module), f"{module} hands names on without __all__"
        return
    assert names == sorted(names, key=order)
    assert handed_on(module) <= set(names)


@pytest.mark.parametrize("module", PACKAGES)
def test_all_is_real(module: str) -> None:
    package = importlib.import_module(module)
    for name in exported(module) or []:
        if module != "potstill" or name not in tree.STAGES or f"potstill.{name}" in tree.modules():
            assert hasattr(package, name), f"{module} has no {name}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    package = importlib.import_module("potstill")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
    assert dir(package) == sorted(package.__all__)
