from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.filter.base import ready
from potstill.recipe import FilterSection


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
