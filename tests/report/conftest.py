"""Made-up runs, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.report.page import page
from potstill.report.rendering import html
from potstill.report.sources import Material, collect
from potstill.store import Run
from tests.report.fake_run import RECIPE, TEXTS, make, recipe


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of which every stage but the report is done. Tests do not write into it."""
    return make(tmp_path_factory.mktemp("runs") / "whole")


@pytest.fixture(scope="session")
def material(whole: Run) -> Material:
    """What a report reads of it."""
    return collect(whole.recipe, whole.artifacts())


@pytest.fixture(scope="session")
def whole_page(material: Material) -> str:
    """Its page."""
    return html(page(material))


@pytest.fixture(scope="session")
def partial(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Material]:
    """Stage -> what a report reads of a run that stopped after it."""
    root: Path = tmp_path_factory.mktemp("runs")
    runs = {stage: make(root / stage, until=stage) for stage in ("prompts", "generate", "filter", "train")}
    return {stage: collect(run.recipe, run.artifacts()) for stage, run in runs.items()}


@pytest.fixture(scope="session")
def empty(whole: Run) -> Material:
    """A run of which nothing was done."""
    return collect(whole.recipe, {})


@pytest.fixture(scope="session")
def plain_text(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A run that was evaluated on plain text alone."""
    run = make(tmp_path_factory.mktemp("runs") / "text", text=True)
    return collect(run.recipe, run.artifacts())


@pytest.fixture(scope="session")
def chosen_on_text(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """As `plain_text`, where the best checkpoint was chosen on one of the texts."""
    asked = 'sources = ["world:math?n=200"]\n'
    best = f'{asked}validation = ["text:book.txt"]\n[train]\nkeep = "best"\nvalidate_every = 90\n'
    run = make(tmp_path_factory.mktemp("runs") / "chosen", text=True, validation=TEXTS[:1], recipe=recipe(RECIPE.replace(asked, best)))
    return collect(run.recipe, run.artifacts())
