from __future__ import annotations

import pytest

from potstill.judges.exact import exact
from tests.models.small import ask


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        ("Answer: Paris", "paris", 1.0),
        ("It is so.\nAnswer:  New   York.", "New York", 1.0),
        ("Paris", "Paris", 1.0),
        ("The answer is (b).", "b", 1.0),
        ("Answer: Paris or Rome", "Paris", 0.0),
        ("", "Paris", 0.0),
        ("Answer: yes", "#### yes", 1.0),
        ("Paris", None, None),
    ],
)
def test_words(text, reference, score):
    assert exact(ask("Which?", reference=reference), text) == score
