from __future__ import annotations

import pytest

from potstill.cli import main
from potstill.cli.filters import attributes, filter_settings
from potstill.registry import names


def test_every_filter_that_has_settings_of_its_own_shows_them():
    found = filter_settings()
    assert found["answer.threshold"] == "(1.0) An answer with a lower score is put aside."
    assert found["answer.grader"].startswith("(none) The judge for all prompts")
    assert found["(each).part"] == '("noise") Where such an item goes; `keep` makes the filter one that only measures.'
    assert found["hazard.part"].startswith('("hazard")')
    assert "answer.part" not in found
    assert {key.partition(".")[0] for key in found} <= {"(each)", *names("filter")}


@pytest.mark.parametrize("key", sorted(filter_settings()))
def test_every_setting_says_what_it_is(key):
    assert filter_settings()[key].partition(") ")[2].strip()


def test_attributes_of_a_docstring():
    text = """A thing.

    Attributes:
        one: what it
            is.
        two: another.

    More.
    """
    assert attributes(text) == {"one": "what it is.", "two": "another."}


def test_it_is_listed(capsys):
    assert main(["list", "filter-settings"]) == 0
    assert "answer.grader" in capsys.readouterr().out
