"""The application: its help, its version, the options that all commands share."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from potstill.cli import main
from potstill.cli.app import Output, installed_version, show
from potstill.pipeline import STAGES
from tests.house import tree

VERBS = ("demo", "check", "run", "trace", "list", "world", "completion", *STAGES)
LONGEST_HELP = 0.6
"""Processor seconds of `potstill --help`, start of Python included. The figure to reach is 0.3; machines that run tests are busy ones."""


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for verb in VERBS:
        assert f" {verb} " in text
    assert "Exit codes: 0 done" in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"Usage: potstill {verb}" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == installed_version()


def test_help_comes_at_once() -> None:
    def seconds() -> float:
        before = os.times()
        command = [sys.executable, "-m", "potstill.cli", "--help"]
        subprocess.run(command, cwd=tree.ROOT, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(3)) < LONGEST_HELP


def test_what_is_shown_is_json_or_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(), {"a": "ü"}, ["first", "second"])
    assert capsys.readouterr().out == "first\nsecond\n"
    show(Output(json=True), {"a": "ü"}, ["first"])
    assert json.loads(capsys.readouterr().out) == {"a": "ü"}
