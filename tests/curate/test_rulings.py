from __future__ import annotations

import pytest

from potstill.curate.policy import Ruling
from potstill.curate.rulings import NAME, identity, rule, rulings
from potstill.errors import PotstillError, StoreError
from potstill.store import Quiet, Run
from tests.store import still


def opened(tmp_path):
    return Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())


def test_what_people_say_is_kept_and_the_last_word_holds(tmp_path):
    run = opened(tmp_path)
    assert (rulings(run), identity(run)) == ({}, {})
    rule(run, "t1", "keep", "right")
    rule(run, "t2", "noise", "off the point")
    first = identity(run)
    rule(run, "t1", "hazard", "it leaks")
    assert rulings(opened(tmp_path)) == {"t1": Ruling("hazard", "it leaks"), "t2": Ruling("noise", "off the point")}
    assert len((run.folder / NAME).read_text().splitlines()) == 3
    assert first != identity(run) != {}


def test_a_ruling_needs_a_reason(tmp_path):
    with pytest.raises(PotstillError, match="t1: a ruling needs a reason"):
        rule(opened(tmp_path), "t1", "keep", "  ")


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "t"}', '{"id": "t", "part": "away", "why": "w"}', '{"id": 1, "part": "keep", "why": "w"}']
)
def test_a_damaged_line_is_told(tmp_path, line):
    run = opened(tmp_path)
    rule(run, "t1", "keep", "right")
    with (run.folder / NAME).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(StoreError, match=rf"{NAME}:2: a damaged ruling"):
        rulings(run)
