"""Every recipe runs, shortened, from prompts to a report; and the README's Python runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from potstill import pipeline
from potstill.recipe import Recipe, parse
from potstill.store import Quiet, Run
from tests.e2e.still import TINY
from tests.house import tree

RECIPES = sorted({path.resolve() for folder in ("recipes", "potstill/data") for path in (tree.ROOT / folder).glob("*.toml")})
SHORTER = (
    "prompts.limit=16",
    "generate.max_new_tokens=100",
    "train.epochs=",
    "train.steps=2",
    "train.batch_tokens=256",
    "evaluate.per_skill=2",
    "evaluate.max_new_tokens=16",
    "evaluate.limits=",
)
"""What makes a run of seconds of a recipe, with few items of the world; everything else is as it stands there."""


def shortened(path: Path) -> Recipe:
    """The recipe in the file, shorter."""
    return parse(re.sub(r"\?n=\d+", "?n=40", path.read_text(encoding="utf-8")), str(path), SHORTER)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs(path: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "${POTSTILL_DATA}" in path.read_text(encoding="utf-8"):
        monkeypatch.setenv("POTSTILL_DATA", str(request.getfixturevalue("data_dir")))
    monkeypatch.chdir(tmp_path)
    run = Run.open(shortened(path), log=Quiet())
    made = pipeline.run(run, last="evaluate")
    assert made["train"].manifest.summary["steps"] == 2
    assert not pipeline.missed(made)
    made |= pipeline.make(run, "report")
    page = (made["report"].folder / "report.html").read_text(encoding="utf-8")
    assert ("the checkpoint was chosen on it" in page) == (run.recipe.train.keep == "best")


def test_the_python_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```$", (tree.ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (recipe,) = re.findall(r"recipes/\w+\.toml", block)
    assert (tree.ROOT / recipe).is_file()
    exec(block.replace(recipe, str(TINY)), {})
    assert list(tmp_path.glob("runs/tiny/export/*/safetensors/model.safetensors"))
    assert list(tmp_path.glob("runs/tiny/report/*/report.html"))
