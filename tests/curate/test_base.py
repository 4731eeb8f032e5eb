from __future__ import annotations

import pytest

from potstill.curate.base import Comparing, Context, FilterSettings, Item, ready
from potstill.errors import RecipeError
from potstill.recipe import FilterSection
from potstill.registry import Identified
from tests.curate.small import alone, answer
from tests.models.small import ask


def test_filters_with_their_settings_are_told_apart_by_name():
    sections = [
        FilterSection(kind="answer", unjudged="noise"),
        FilterSection(kind="duplicate"),
        FilterSection(kind="answer", grader="exact"),
    ]
    found = ready(sections, "filters")
    assert [one.by for one in found] == ["answer", "duplicate", "answer-2"]
    assert (found[0].info.name, found[0].settings.unjudged, found[0].settings.threshold) == ("answer", "noise", 1.0)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"kind": "anser"}, "filters.0: unknown filter 'anser'; did you mean 'answer'"),
        ({"kind": "answer", "gradr": "x"}, "unknown key 'gradr' for the filter 'answer'; did you mean 'grader'"),
        ({"kind": "hazard", "x": 1}, "unknown key 'x' for the filter 'hazard'; one of: part, threshold, unjudged"),
        ({"kind": "answer", "unjudged": "away"}, "unjudged: Input should be 'keep', 'hazard' or 'noise'"),
        ({"kind": "answer", "threshold": float("nan")}, "threshold: Input should be a finite number"),
        ({"kind": "answer", "grader": "numbr"}, "filters.0: unknown judge 'numbr'; did you mean 'number'"),
    ],
)
def test_faults(section, message):
    with pytest.raises(RecipeError, match=message):
        ready([FilterSection(**section)], "filters")


def test_opinions_do_not_depend_on_the_policy():
    assert FilterSettings(threshold=0.1, part="hazard", unjudged="noise").decisive() == FilterSettings().decisive() == {}
    (one,) = ready([FilterSection(kind="answer", threshold=0.2, grader="exact")], "filters")
    assert one.settings.decisive() == {"grader": "exact"}


def test_what_an_opinion_depends_on_beside_the_settings():
    own, exact = ready([FilterSection(kind="answer"), FilterSection(kind="answer", grader="exact")], "filters")
    assert set(exact.identity) == {"filter answer", "judge exact"} < set(own.identity)
    assert isinstance(own.part, Identified)


def test_a_filter_that_compares_is_told_from_one_that_does_not():
    duplicate, other = (ready([FilterSection(kind=kind)], "filters")[0].part for kind in ("duplicate", "answer"))
    assert (isinstance(duplicate, Comparing), isinstance(other, Comparing)) == (True, False)


def test_items():
    prompt = ask("a?")
    item = answer(prompt, "yes")
    assert (item.id, item.text, item.prompt_id) == (item.trace.id, "yes", prompt.id)
    assert (alone(prompt).id, alone(prompt).text, alone(prompt)) == (prompt.id, "", Item(prompt.id, prompt))
    assert list(Context().evaluation()) == []
