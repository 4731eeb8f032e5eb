"""Small and plain: no file over 500 lines, no function over 80, and the median far below."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

import pytest

from tests.house import tree

ENOUGH = 20
"""Medians of fewer files say nothing."""


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def test_no_file_is_long() -> None:
    assert {path.relative_to(tree.ROOT).as_posix(): lines(path) for path in tree.sources() if lines(path) > 500} == {}


def test_no_function_is_long() -> None:
    long = {
        f"{path.relative_to(tree.ROOT)}:{f.lineno} {f.name}" for path in tree.sources() for f in tree.functions(path) if tree.length(f) > 80
    }
    assert long == set()


def test_the_median_file_is_small() -> None:
    sizes = [lines(path) for path in tree.modules().values() if path.name != "__init__.py"]
    if len(sizes) < ENOUGH:
        pytest.skip(f"only {len(sizes)} files")
    assert 20 <= median(sizes) <= 250


def test_the_median_function_is_short() -> None:
    assert median(tree.length(f) for path in tree.modules().values() for f in tree.functions(path)) < 20


def hands_on(node: ast.stmt) -> bool:
    """Whether a statement of an `__init__` only hands names on: imports, `__all__`, a docstring, the table of lazy names."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" and all(map(hands_on, node.body))
    if isinstance(node, ast.Assign):
        return [getattr(target, "id", "") for target in node.targets] in (["__all__"], ["_HOMES"])
    return isinstance(node, ast.FunctionDef) and node.name in {"__getattr__", "__dir__"}


@pytest.mark.parametrize("module", [name for name, path in tree.modules().items() if path.name == "__init__.py"])
def test_init_files_hand_names_on(module: str) -> None:
    path = tree.modules()[module]
    extra = [node.lineno for node in tree.parsed(path).body if not hands_on(node)]
    assert not extra, f"{path.relative_to(tree.ROOT)}: lines {extra} belong in a module"
