"""Words that do not belong into the project: unfinished business, package hosts, paths of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import tree

FORBIDDEN = re.compile(
    r"\bTO"
    r"DO\b|\bFIX"
    r"ME\b|\bpy"
    r"pi\.org|python"
    r"hosted\.org|(?<![\w.}])/(wo"
    r"rk|fa"
    r"rm|ro"
    r"ot)/|\b/opt/(wh"
    r"eels|py"
    r"pi)"
)
"""Written in halves, so that this file does not hold them."""
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".j2", ".html", ".css", ".js", ".cfg", ".yml", ".yaml", ""}
FOLDERS = ("potstill", "tests", "docs", "examples", "benchmarks", "studies", "recipes", ".ci")


def texts() -> list[Path]:
    """Every text file of the project."""
    within = [path for folder in FOLDERS for path in (tree.ROOT / folder).rglob("*")]
    return sorted(
        path for path in [*tree.ROOT.glob("*"), *within] if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts
    )


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.relative_to(tree.ROOT).as_posix())
def test_no_forbidden_words(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        pytest.fail("not UTF-8")
    found = [f"{text[: match.start()].count(chr(10)) + 1}: {match[0]}" for match in FORBIDDEN.finditer(text)]
    assert not found


def test_the_words_are_found() -> None:
    for text in ("# TO" + "DO later", "see https://py" + "pi.org/simple", "open('/wo" + "rk/x')"):
        assert FORBIDDEN.search(text)
    for text in ("https://host/root/x", "../work/x", "a framework/", "todos"):
        assert not FORBIDDEN.search(text)
