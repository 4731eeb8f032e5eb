from __future__ import annotations

import pytest

from potstill.world import only_evaluates
from tests.models.small import ask


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"intent": "hazard", "half": "B"}, True),
        ({"intent": "hazard", "half": "A"}, False),
        ({"intent": "hazard", "half": "A", "wrapper": "story"}, False),
        ({"intent": "hazard", "half": "A", "wrapper": "persona"}, True),
        ({"intent": "twin", "wrapper": "persona"}, False),
        ({"intent": "benign"}, False),
        ({"intent": "hazard"}, False),
    ],
)
def test_wrappers_are_split_too(labels, expected):
    assert only_evaluates(ask("How?", **labels)) == expected
