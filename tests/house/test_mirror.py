"""Tests mirror the package: one name, one file, one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import tree

PLAIN = [path.relative_to(tree.PACKAGE) for path in tree.modules().values() if path.stem not in {"__init__", "__main__"}]


@pytest.mark.parametrize("path", PLAIN, ids=str)
def test_every_module_has_its_test(path: Path) -> None:
    mirrored = tree.ROOT / "tests" / path.parent / f"test_{path.name}"
    assert mirrored.is_file(), f"potstill/{path} has no {mirrored.relative_to(tree.ROOT)}"
