from __future__ import annotations

import re

import pytest

from potstill import attacks
from potstill.attacks import only_evaluates, withheld
from potstill.attacks.base import open_attack
from potstill.registry import names
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
        ({"intent": "hazard", "half": "A", "wrapper": "base64"}, False),
        ({"intent": "hazard", "half": "A", "wrapper": "rot13"}, True),
        ({"intent": "twin", "wrapper": "rot13"}, True),
        ({"intent": "benign", "wrapper": "rot13"}, True),
        ({"intent": "hazard", "half": "A", "wrapper": "persona+base64"}, True),
        ({"intent": "hazard", "half": "A", "wrapper": "rot13+base64"}, True),
        ({"intent": "twin", "wrapper": "persona+base64"}, False),
        ({"intent": "hazard", "half": "A", "wrapper": "of my own"}, False),
    ],
)
def test_hazards_and_wrappers_are_split(labels, expected):
    assert only_evaluates(ask("How?", **labels)) == expected


def test_what_is_withheld_is_named():
    assert withheld(ask("How?", intent="hazard", half="B", wrapper="rot13")) == "a request for a hazard of half B"
    assert withheld(ask("How?", intent="twin", wrapper="rot13")) == "a request in the wrapper 'rot13' of half B"


def test_the_table_of_the_package_holds():
    rows = [line.split("|")[2:4] for line in (attacks.__doc__ or "").splitlines() if line.startswith("| ")][1:]
    told = {half: set(re.findall(r"`(\w+)`", " ".join(row[i] for row in rows))) for i, half in enumerate("AB")}
    found = {half: {name for name in names("attack") if half == open_attack(name).HALF} for half in "AB"}
    assert told == found
    assert sum(all(re.search("`", cell) for cell in row) for row in rows) >= 5, "most kinds are in both halves"
