"""Equality of numbers."""

from __future__ import annotations

from fractions import Fraction

from potstill.registry import part
from potstill.text.answers import stated_number
from potstill.types import Prompt

TOLERANCE = Fraction(1, 10**6)
"""Relative difference up to which two numbers are the same: decimals of a fraction are cut off somewhere."""


@part("judge", "number")
def number(prompt: Prompt, text: str) -> float | None:
    """1 when the text comes to the number of the reference: `42`, `42.0`, `$42`, `(84 / 2)` are the same.

    The number is that of the final answer, or the last one of a text that marks none; a text without a number is wrong.
    None when the reference is missing or holds no number.
    """
    expected = None if prompt.reference is None else stated_number(prompt.reference)
    if expected is None:
        return None
    stated = stated_number(text)
    return float(stated is not None and abs(stated - expected) <= TOLERANCE * abs(expected))
