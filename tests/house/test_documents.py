"""The documents say what is: their commands exist, the output they show is the real one, and their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from docs.figures import TABLES
from docs.refresh import commands, documents, refreshed, run
from tests.house import tree

DOCUMENTS = documents()
TARGETS = set(re.findall(r"^([a-z]+):", (tree.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PLAIN = {"cd", "git", "ls", "pip", "python", "python3", "cat", "head"}
"""Commands that are not ours to check."""

needs_cli = pytest.mark.skipif("potstill.cli" not in tree.modules(), reason="potstill.cli is not written yet")
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(tree.ROOT).as_posix())


@cache
def help_of(verb: str) -> str:
    """The help text of a verb, or of the whole when it is empty; the test fails when it has none."""
    done = run([*filter(None, [verb]), "--help"])
    assert done.returncode == 0, f"`potstill {verb} --help` ends with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def check_potstill(words: list[str]) -> None:
    """The verb is known, and so is each option; a recipe or folder that is in the project is there."""
    verb = words[0] if words and not words[0].startswith("-") else ""
    text = help_of(verb)
    for word in words:
        option = word.partition("=")[0]
        assert not option.startswith("--") or option in {"--help", "--version"} or option in text, f"`potstill {verb}` has no {option}"
        assert not word.startswith("recipes/") or (tree.ROOT / word).is_file(), f"no {word}"


def check(command: str) -> None:
    """The command is one that a reader can type."""
    words = shlex.split(command, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        del words[0]
    name = re.sub(r"^\.venv[a-z-]*/bin/", "", words[0])
    if name == "make":
        assert {word for word in words[1:] if "=" not in word and not word.startswith("-")} <= TARGETS
    elif name == "potstill":
        check_potstill(words[1:])
    else:
        assert name in PLAIN, f"an unknown command: {command}"
        for word in words[1:]:
            assert not word.endswith(".py") or (tree.ROOT / word).is_file(), f"no {word}"


@each_document
def test_commands_are_real(path: Path) -> None:
    for command, _ in commands(path.read_text(encoding="utf-8")):
        if "potstill.cli" in tree.modules() or "potstill" not in shlex.split(command, comments=True):
            check(command)


@needs_cli
@each_document
def test_output_is_as_shown(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == refreshed(text), "run `make docs`"


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_unreal_commands_are_found() -> None:
    for command in ("make coffee", "pottstill run x", "python examples/nothing.py"):
        with pytest.raises(AssertionError):
            check(command)


def test_commands_and_outputs_are_told_apart() -> None:
    text = "```console\n$ make test\n3 passed\n$ potstill run x.toml  # all of it\n```\n\n```\n$ no\n```\n"
    assert list(commands(text)) == [("make test", "3 passed\n"), ("potstill run x.toml  # all of it", "")]
    assert refreshed(text) == text


def test_every_table_of_figures_stands_in_a_document() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in documents())
    assert set(re.findall(r"<!-- figures:begin (\w+)", text)) == TABLES.keys()


def test_output_that_is_not_shown_is_not_put_in() -> None:
    text = "```console\n$ potstill list filters\n$ potstill --help\n```\n"
    assert refreshed(text) == text
