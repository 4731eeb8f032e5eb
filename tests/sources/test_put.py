"""How prompts are put."""

from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.recipe.curation import SourceTable
from potstill.sources.put import check_put, templated
from potstill.types import Message


def test_the_last_turn_goes_into_the_template():
    turns = (Message("system", "Be brief."), Message("user", "2+2?"))
    assert templated(turns, "Q: {prompt} A:") == (turns[0], Message("user", "Q: 2+2? A:"))
    assert templated(turns, None) == turns
    assert templated((), "Q: {prompt}") == ()


def test_what_cannot_be_put_says_where():
    check_put(SourceTable(source="a.csv", template="Q: {prompt}", grader="number"), "here")
    with pytest.raises(RecipeError, match="no {prompt}") as no_slot:
        check_put(SourceTable(source="a.csv", template="Q:"), "here")
    assert no_slot.value.where == "here.template"
    with pytest.raises(RecipeError) as no_judge:
        check_put(SourceTable(source="a.csv", grader="numbre"), "here")
    assert no_judge.value.where == "here.grader"
