from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from potstill.errors import InputError, RecipeError
from potstill.prompts import gather
from potstill.prompts.mixing import lines
from potstill.recipe import Recipe
from potstill.store import Artifact, Quiet, Run

SOURCES = ["world:carry_addition?n=60", "world:colour?n=20"]
Gather = Callable[..., Artifact]


@pytest.fixture
def made(tmp_path: Path) -> Gather:
    """Gathers the prompts of a recipe with these settings in `[prompts]`."""

    def make(out: str = "run", **prompts: Any) -> Artifact:
        recipe = Recipe.model_validate(
            {
                "name": "mixed",
                "seed": 5,
                "student": {"model": "new:llama"},
                "teachers": [{"model": "world:base"}],
                "prompts": {"sources": SOURCES, **prompts},
                "evaluate": {"sources": ["world:fact?n=10"]},
            }
        )
        return gather(Run.open(recipe, out=tmp_path / out, log=Quiet()))

    return make


def skills(artifact: Artifact, table: str = "prompts") -> Counter[str]:
    return Counter(artifact.table(table)["skill"].to_pylist())


def test_without_settings_all_are_asked_and_nothing_is_said(made: Gather) -> None:
    found = made()
    assert skills(found) == {"carry_addition": 60, "colour": 20}
    assert not {"balance", "split", "shift"} & found.manifest.summary.keys()


def test_what_is_drawn_is_asked_and_the_table_says_how_often(made: Gather) -> None:
    found = made(balance={"by": "skill", "total": 80, "max_upsampling": 2})
    assert skills(found) == {"carry_addition": 40, "colour": 20}
    rows = found.table("balance").to_pylist()
    assert len(rows) == 80
    assert Counter(row["stratum"] for row in rows for _ in range(row["times"])) == {"carry_addition": 40, "colour": 40}
    asked = set(found.table("prompts")["id"].to_pylist())
    assert {row["prompt_id"] for row in rows if row["times"]} == asked


def test_over_focus_is_in_the_manifest(made: Gather) -> None:
    told = made(balance={"by": "skill", "total": 80, "max_upsampling": 2}).manifest.summary["balance"]
    assert told["before"]["share"] == 0.75
    assert told["after"] == {"strata": 2, "largest": "carry_addition", "share": 0.5, "effective": pytest.approx(2.0)}


def test_a_split_holds_out_shares_and_loses_none(made: Gather) -> None:
    pytest.importorskip("rensa")
    found = made(split={"validation": 0.1, "evaluation": 0.3})
    tables = {name: found.table(name)["id"].to_pylist() for name in ("prompts", "validation", "evaluation")}
    assert sum(map(len, tables.values())) == 80 + 10
    assert len({id_ for ids in tables.values() for id_ in ids}) == 90
    assert tables["validation"]
    assert len(tables["evaluation"]) > 10
    assert found.manifest.summary["split"]["evaluation"] == len(tables["evaluation"]) - 10


def test_only_what_is_trained_on_is_balanced(made: Gather) -> None:
    pytest.importorskip("rensa")
    found = made(split={"evaluation": 0.3}, balance={"by": "skill", "max_upsampling": 2})
    held = set(found.table("evaluation")["id"].to_pylist())
    assert not held & set(found.table("balance")["prompt_id"].to_pylist())


def test_a_sample_of_what_is_asked_in_use_is_compared_and_not_asked(made: Gather) -> None:
    found = made(wild=["world:carry_addition,find_way?n=60"])
    assert skills(found) == {"carry_addition": 60, "colour": 20}
    told = found.manifest.summary["shift"]
    assert told["wild"] == 60
    assert told["told_apart"]["p"] < 0.001
    assert any("'planning.way'" in line for line in told["advice"])
    values = {row["value"] for row in found.table("shift").to_pylist() if row["kind"] == "domain"}
    assert values == {"math.addition", "twins.colour", "planning.way"}


def test_shares_of_labels_go_by_the_draws(made: Gather) -> None:
    balance = {"by": "skill", "total": 80, "max_upsampling": 2}
    rows = made(balance=balance, wild=["world:carry_addition,colour?n=40"]).table("shift").to_pylist()
    (colour,) = [row for row in rows if row["value"] == "twins.colour"]
    assert colour["training"] == 40
    assert colour["share_training"] == 0.5


def test_a_run_says_what_became_of_the_focus_and_gives_advice(made: Gather) -> None:
    found = made(balance={"by": "skill", "max_upsampling": 2}, wild=["world:carry_addition,find_way?n=60"])
    balanced, first, *_ = lines(found.manifest.summary)
    assert balanced == "prompts: balanced, the largest kind was 'carry_addition' with 75.0% and is 'carry_addition' with 50.0%"
    assert first.startswith("prompts: in use: they differ")


def test_another_mixture_reads_nothing_anew(made: Gather) -> None:
    one, other = made(), made(balance={"by": "skill", "total": 40})
    assert one.manifest.inputs == other.manifest.inputs
    assert one.content != other.content


def test_an_unknown_label_is_an_error_of_the_recipe(made: Gather) -> None:
    with pytest.raises(RecipeError, match=r"prompts\.balance\.by"):
        made(balance={"by": "colour"})


def test_a_split_that_leaves_nothing_is_an_error(made: Gather) -> None:
    pytest.importorskip("rensa")
    with pytest.raises(InputError, match="leaves nothing to train on"):
        made(sources=["world:colour?n=1"], split={"evaluation": 0.999999})
