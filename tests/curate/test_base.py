from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.filter.base import ready
from potstill.recipe import FilterSection
from potstill.types import Trace
from tests.models.small import ask


def test_a_filter_with_its_settings():
    one = ready(FilterSection(kind="answer", unjudged="noise"), "filters.0")
    assert (one.info.name, one.settings.unjudged, one.settings.least) == ("answer", "noise", 1.0)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"kind": "anser"}, "filters.0: unknown filter 'anser'; did you mean 'answer'"),
        ({"kind": "answer", "gradr": "x"}, "unknown key 'gradr' for the filter 'answer'; did you mean 'grader'"),
        ({"kind": "hazard", "x": 1}, "the filter 'hazard' has no settings"),
        ({"kind": "answer", "unjudged": "away"}, "unjudged: Input should be 'keep' or 'noise'"),
    ],
)
def test_faults(section, message):
    with pytest.raises(RecipeError, match=message):
        ready(FilterSection(**section), "filters.0")


def test_a_filter_that_compares_is_shown_all_first_and_another_is_not():
    duplicate, answer = (ready(FilterSection(kind=kind), "filters.0") for kind in ("duplicate", "answer"))
    assert (duplicate.compares, answer.compares) == (True, False)
    prompt = ask("a?")
    traces = [Trace(prompt.id, "t", i, "the same") for i in range(3)]
    for one in (duplicate, answer):
        one.collect(traces, {prompt.id: prompt})
    assert sorted(verdict.part for verdict in duplicate.judge(traces, {prompt.id: prompt})) == ["keep", "noise", "noise"]
    assert {verdict.part for verdict in answer.judge(traces, {prompt.id: prompt})} == {"keep"}
