from __future__ import annotations

import json

import pytest

from potstill.errors import RecipeError
from potstill.prompts import gather
from potstill.prompts.choosing import Chooser, check_filters
from potstill.prompts.gathering import gathered
from potstill.recipe import Recipe
from potstill.store import Quiet, Run, Workspace


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in ("same", "Same", "other")))
    values = {"name": "x", "student": {"model": "new:llama"}, "teachers": [{"model": "fake:yes"}]}
    prompts = {"sources": [str(path)], "filters": [{"kind": "duplicate"}]}
    return Run.open(Recipe.model_validate({**values, "prompts": prompts}), out=tmp_path / "run", log=Quiet())


def test_what_is_kept_can_be_read_more_than_once(run, tmp_path):
    chooser = Chooser.of(run, gathered(run))
    kept, summary = chooser.choose(Workspace(tmp_path))
    assert (summary["keep"], summary["noise"]) == (2, 1)
    first = [prompt.question for prompt in kept.prompts()]
    assert len(first) == 2
    assert first == [prompt.question for prompt in kept.prompts()]
    assert [table.column_names for table in kept.tables(["id"])] == [["id"]]


@pytest.mark.parametrize(("kind", "message"), [("duplicat", "did you mean 'duplicate'"), ("answer", "judges answers")])
def test_filters_are_looked_at_before_anything_is_read(run, kind, message):
    sections = (run.recipe.prompts.filters[0].model_copy(update={"kind": kind}),)
    recipe = run.recipe.model_copy(update={"prompts": run.recipe.prompts.model_copy(update={"filters": sections})})
    wrong = Run.open(recipe, out=run.folder, log=Quiet())
    for check in (check_filters, gather):
        with pytest.raises(RecipeError, match=message):
            check(wrong)
    assert not any(run.folder.glob("prompts*"))


def test_without_filters_all_are_kept_and_nothing_is_written(run, tmp_path):
    plain = run.recipe.model_copy(update={"prompts": run.recipe.prompts.model_copy(update={"filters": ()})})
    chooser = Chooser.of(Run.open(plain, out=run.folder, log=Quiet()), gathered(run))
    (tmp_path / "w").mkdir()
    kept, summary = chooser.choose(Workspace(tmp_path / "w"))
    assert (chooser.section, chooser.parts, summary) == ({}, {}, {})
    assert [prompt.question for prompt in kept.prompts()] == ["same", "Same", "other"]
    assert not any((tmp_path / "w").iterdir())


def test_errors_that_were_measured_stand_in_the_verdicts(run, tmp_path):
    chooser = Chooser.of(run, gathered(run), measure=True)
    assert chooser.known["duplicate"].clean.n > 0
    assert "prompts.measures.duplicate" in chooser.inputs
    (tmp_path / "w").mkdir()
    _, summary = chooser.choose(Workspace(tmp_path / "w"))
    assert summary["measured"]["duplicate"]["false_positive_rate"]["n"] == chooser.known["duplicate"].clean.n
