from __future__ import annotations

import pytest

from potstill.text.thought_marks import CLOSINGS, OPENINGS, behind_thoughts


@pytest.mark.parametrize(("opening", "closing"), list(zip(OPENINGS, CLOSINGS, strict=True)))
def test_what_is_said_behind_thoughts_in_any_marks(opening, closing):
    assert behind_thoughts(f"{opening}I cannot.{closing}\n\nIt is 4.") == "It is 4."
    assert behind_thoughts(f"I cannot.{closing} It is 4. {opening.upper()} but is it?") == "It is 4."
    assert behind_thoughts(f"{opening}I cannot.") == ""


def test_a_text_without_thoughts_is_said():
    assert behind_thoughts(" It is 4. ") == "It is 4."
