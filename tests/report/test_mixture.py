from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from potstill.prompts import gather
from potstill.recipe import Recipe
from potstill.report.blocks import Notes, Table
from potstill.report.charts import Chart
from potstill.report.mixture import section
from potstill.report.sources import Material, collect
from potstill.store import Quiet, Run


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A run whose prompts were split, balanced and compared."""
    recipe = Recipe.model_validate(
        {
            "name": "mixed",
            "student": {"model": "new:llama"},
            "teachers": [{"model": "world:base"}],
            "prompts": {
                "sources": ["world:carry_addition?n=90", "world:colour?n=30"],
                "balance": {"by": "skill", "max_upsampling": 2},
                "wild": ["world:carry_addition,find_way?n=60"],
            },
            "evaluate": {"sources": ["world:fact?n=4"]},
        }
    )
    run = Run.open(recipe, out=tmp_path_factory.mktemp("runs") / "mixed", log=Quiet())
    return collect(recipe, {"prompts": gather(run)})


def test_before_and_after_stand_side_by_side(mixed: Material) -> None:
    made = section(mixed)
    assert made is not None
    before, after, table, *_ = made.blocks
    assert isinstance(before, Chart)
    assert before.desc == "carry_addition 75.0%, colour 25.0%"
    assert isinstance(after, Chart)
    assert after.desc == "carry_addition 50.0%, colour 50.0%"
    assert isinstance(table, Table)
    assert table.rows[1] == ("colour", "30", "25.0%", "50.0%", "60", "50.0%", "30", "0")


def test_over_focus_is_told_in_words(mixed: Material) -> None:
    made = section(mixed)
    assert made is not None
    assert "The largest kind was carry_addition with 75.0%, and is carry_addition with 50.0% of the draws." in made.lead
    assert made.lead.endswith("as 2 after.")


def test_advice_and_labels_that_differ(mixed: Material) -> None:
    made = section(mixed)
    assert made is not None
    (advice,) = [block for block in made.blocks if isinstance(block, Notes)]
    assert any("'planning.way'" in line for line in advice.lines)
    (table,) = [block for block in made.blocks if isinstance(block, Table) and "in use" in block.caption]
    assert any(row[1] == "planning.way" and row[2:4] == ("0.0%", "50.0%") for row in table.rows)


def test_of_many_kinds_the_small_ones_share_a_bar(mixed: Material, tmp_path: Path) -> None:
    recipe = mixed.recipe.model_copy(
        update={
            "prompts": mixed.recipe.prompts.model_copy(
                update={"sources": type(mixed.recipe.prompts).model_validate({"sources": ["world:benign?n=120"]}).sources, "wild": ()}
            )
        }
    )
    made = section(collect(recipe, {"prompts": gather(Run.open(recipe, out=tmp_path / "run", log=Quiet()))}))
    assert made is not None
    before = made.blocks[0]
    assert isinstance(before, Chart)
    assert "other kinds" in before.desc


def test_without_a_mixture_there_is_no_section(material: Material, empty: Material) -> None:
    assert section(material) is None
    assert section(replace(empty)) is None
