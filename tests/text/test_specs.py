from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.text.specs import count_setting, split_spec


def test_names_and_settings():
    assert split_spec("a/b.txt", (), "here") == ("a/b.txt", {})
    assert split_spec("a?x=1&y=%0A%0AQ:", ("x", "y"), "here") == ("a", {"x": "1", "y": "\n\nQ:"})
    assert split_spec("a?x=0:60000", ("x",), "here") == ("a", {"x": "0:60000"})
    assert split_spec("a?x=", ("x",), "here") == ("a", {"x": ""})


@pytest.mark.parametrize(
    ("spec", "message"), [("a?z=1", "unknown setting 'z'"), ("a?x", "no list of settings"), ("a?x=1&x=2", "stands twice")]
)
def test_faults(spec, message):
    with pytest.raises(RecipeError, match=message):
        split_spec(spec, ("x", "y"), "here")


def test_counts():
    assert count_setting({}, "n", 5, "here") == 5
    assert count_setting({"n": "12"}, "n", 5, "here") == 12
    for text in ("0", "-1", "x", "1.5", "", "²"):
        with pytest.raises(RecipeError, match="no whole number"):
            count_setting({"n": text}, "n", 5, "here")
