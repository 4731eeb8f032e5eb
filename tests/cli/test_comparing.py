"""`compare-teachers`."""

from __future__ import annotations

import json

import pytest

from potstill.cli import main
from tests.house import tree

WORDS = ["compare-teachers", str(tree.ROOT / "recipes" / "demo.toml"), "--set", 'evaluate.sources=["world:carry_addition?n=6"]']


def test_a_table_and_a_recommendation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--teachers", "world:base", "world:math", "--items", "6", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "2 candidates on 6 capability prompts" in out
    assert "recommended: world:" in out
    assert "no clear difference" in out


def test_json_and_the_recipes_own_teachers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--items", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["recommended"], told["reasons"]) == ("world:base", ["it is the only candidate that the recipe can use"])


def test_a_number_of_prompts_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--items", "0"]) == 1
    assert "--items: 0 is no number of prompts" in capsys.readouterr().err
