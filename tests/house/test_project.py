"""The project's files agree with each other."""

from __future__ import annotations

import os
import re
import tomllib

from tests.house import tree

PROJECT = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (tree.ROOT / "Makefile").read_text(encoding="utf-8")


def test_torch_is_pinned_once() -> None:
    assert "torch==2.13.0" in (tree.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "-c constraints.txt" in MAKEFILE
    assert not re.search(r"torch==\d", MAKEFILE), "the version stands in constraints.txt"


def test_make_knows_its_targets() -> None:
    for target in ("demo", "test", "lint", "bench", "docs"):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_ci_calls_what_the_reader_calls() -> None:
    path = tree.ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make test </dev/null", "make lint </dev/null"]


def test_every_extra_named_in_an_error_exists() -> None:
    extras = set(PROJECT["project"]["optional-dependencies"])
    for path in tree.modules().values():
        for extra in re.findall(r"MissingExtraError\.of\([^,]+,\s*\"(\w+)\"", path.read_text(encoding="utf-8")):
            assert extra in extras, f"{path.relative_to(tree.ROOT)} names the extra {extra!r}"


def test_the_licence_is_whole() -> None:
    text = (tree.ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
