from __future__ import annotations

import pytest

from potstill.errors import InputError, RecipeError
from potstill.prompts.opening import Asked
from potstill.prompts.sifting import FEW, HOPELESS, sift
from potstill.sources import OpenedSource, Rejected
from potstill.types import Message, Prompt

GOOD = Prompt((Message("user", "a?"),))


class Given:
    """A source of what it is given."""

    COLUMNS = LABELS = SETTINGS = ()

    def __init__(self, rows):
        self.rows = rows

    def fingerprint(self):
        return ""

    def prompts(self):
        return iter(self.rows)

    def sift(self):
        return iter(self.rows)


def read(good, bad, most=0.05, limit=None, columns=None, what="malformed"):
    rows = [Rejected(f"x:{n}", what, "mend it", "raw") for n in range(bad)]
    asked = Asked(OpenedSource("x", "given", "1", Given([*rows, *[GOOD] * good])), False, columns or {}, None, None, None, limit)
    aside = []
    return len(list(sift([asked], most, aside.append))), aside


def test_malformed_rows_are_handed_aside():
    count, aside = read(98, 2)
    assert count == 98
    assert [(one.source, one.line()) for one in aside] == [("x", "x:0: malformed; mend it"), ("x", "x:1: malformed; mend it")]


def test_a_share_may_be_malformed_and_a_few_always():
    assert read(1000, 50)[0] == 1000
    assert read(1, 1)[0] == 1
    assert read(FEW, FEW, most=0.0)[0] == FEW
    with pytest.raises(InputError, match=r"x: 11 of 111 rows are malformed, the first: x:0: malformed; mend it; .*max_quarantined"):
        read(100, 11)
    with pytest.raises(InputError, match="2 of 3 rows are malformed"):
        read(1, 2)
    assert read(1, 2, most=0.7)[0] == 1


def test_a_source_without_a_good_row_is_given_up_soon():
    with pytest.raises(InputError, match=f"x: all of the first {HOPELESS} rows are malformed"):
        read(5, HOPELESS)
    with pytest.raises(InputError, match="x: all 1 rows are malformed, the first"):
        read(0, 1, most=1.0)
    with pytest.raises(InputError, match="x: the source has no prompts"):
        read(0, 0)


def test_a_column_that_no_row_has_is_a_fault_of_the_recipe_and_told_once():
    columns = {"prompt": "question"}
    with pytest.raises(RecipeError, match=r"^x columns: no column 'question', in all 3 rows \(x:0\); mend it$"):
        read(0, 3, columns=columns, what="no column 'question'")
    with pytest.raises(RecipeError, match=f"in all of the first {HOPELESS} rows"):
        read(5, HOPELESS, columns=columns, what="no column 'question'")
    assert read(3, 3, columns=columns, what="no column 'question'")[0] == 3
    with pytest.raises(InputError, match="all 3 rows are malformed"):
        read(0, 3, columns=columns)


def test_a_limit_counts_good_rows():
    assert read(9, 2, limit=3)[0] == 3


def test_a_twin_names_its_attack_as_that_is_asked():
    attack = Prompt((Message("user", "b?"),), intent="hazard")
    twin = Prompt((Message("user", "c?"),), intent="twin", twin_of=attack.id)
    for template, system in (("Q: {prompt}", None), (None, "Be kind.")):
        asked = Asked(OpenedSource("x", "given", "1", Given([attack, twin])), False, {}, template, None, system, None)
        first, second = sift([asked], 0.0, [].append)
        assert first.id != attack.id
        assert second.twin_of == first.id
