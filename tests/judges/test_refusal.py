from __future__ import annotations

from potstill.judges.refusal import refusal
from tests.models.small import ask


def test_refusals():
    assert refusal(ask("a?"), "I cannot help with that.") == 1.0
    assert refusal(ask("a?"), "Answer: 7") == 0.0
    assert refusal(ask("a?"), " \n") is None
