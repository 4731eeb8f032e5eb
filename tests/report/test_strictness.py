from __future__ import annotations

from pathlib import Path

import pytest

from potstill import filter, generate, prompts
from potstill.recipe import Recipe
from potstill.report.blocks import Table
from potstill.report.charts import Chart
from potstill.report.sources import Material, collect
from potstill.report.strictness import section
from potstill.store import Quiet, Run


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A run whose answers a classifier judged: it gives scores of all sizes."""
    recipe = Recipe.model_validate(
        {
            "name": "judged",
            "student": {"model": "new:llama"},
            "teachers": [{"model": "fake:Answer: {reference}", "top_k": 0}],
            "prompts": {"sources": ["world:carry_addition,dish?n=40"]},
            "filters": [
                {"kind": "domain", "examples": "world:hazard?n=80", "counterexamples": "world:benign?n=80", "threshold": 0.99},
                {"kind": "hazard"},
            ],
            "train": {"losses": [{"kind": "cross_entropy"}]},
            "evaluate": {"sources": ["world:fact?n=4"]},
        }
    )
    run = Run.open(recipe, out=Path(tmp_path_factory.mktemp("runs")) / "judged", log=Quiet())
    filter.judge(run, generate.draw(run, prompts.gather(run)))
    return collect(recipe, run.artifacts())


def test_a_curve_and_a_table_of_the_filter_that_gives_scores(judged: Material) -> None:
    made = section(judged)
    assert made is not None
    figure, table = made.blocks
    assert isinstance(figure, Chart)
    assert {name for _, name in figure.legend} == {"math", "twins"}
    assert isinstance(table, Table)
    assert {row[0]: row[1] for row in table.rows} == {"math": "20", "twins": "20"}
    shares = [float(share.rstrip("%")) for share in table.rows[1][2:]]
    assert shares == sorted(shares, reverse=True)


def test_without_scores_there_is_no_section(material: Material, empty: Material) -> None:
    assert section(material) is None
    assert section(empty) is None
