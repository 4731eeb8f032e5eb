"""Equations between numbers in a text, `7 + 5 = 12`, and whether they hold by exact evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from potstill.text.answers import evaluate

_NUMBER = r"\$?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)"
_OPERATOR = r"(?:[-+*/×÷·⋅−–]|[xX](?=[ \t]*[($\d.]))"
_SIDE = rf"\(*[-−]?\(*{_NUMBER}\)*(?:[ \t]*{_OPERATOR}[ \t]*\(*{_NUMBER}\)*)*"
_EQUATION = re.compile(rf"({_SIDE})[ \t]*=[ \t]*(?=({_SIDE}))")
_BINARY = re.compile(rf"[\d)]\s*{_OPERATOR}")
_PLAIN = str.maketrans({"×": "*", "⋅": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "x": "*", "X": "*", "$": None, ",": None})
_JOINED = re.compile(rf"(?:[\w%^$)\]]|\d[.,]|{_OPERATOR})$|(?:\d|\S.*{_OPERATOR}|\b(?:of|mod|over|root|log|sqrt|[xX]))\s+$")
"""What may not stand before an equation on its line: the arithmetic then begins earlier, in something that is not read."""
_GOES_ON = re.compile(rf"\w|\.\d|[ \t]+\d|[ \t]*[%^]|[ \t]*{_OPERATOR}[ \t]*[\w(]|\s*(?:remainder|rest|mod)\b", re.IGNORECASE)
"""What may not stand behind one: it then goes on in something that is not read."""
_UNIT = re.compile(r"[ \t]*[^\W\d_]")
"""A word behind a number: in `30/60 = 0.5 = 30 minutes` the second equation is between units, not numbers."""


@dataclass(frozen=True, slots=True)
class Equation:
    """Arithmetic and the number that the text says it is.

    Attributes:
        start, end: its span in characters, half open.
        value: what the arithmetic is, of a chain `1+4 = 5 = 3` that at its beginning.
        claimed: what the text says.
        tolerance: how far the two may lie apart: half a unit of the last decimal place written, 0 for whole numbers.
    """

    start: int
    end: int
    value: Fraction
    claimed: Fraction
    tolerance: Fraction

    @property
    def holds(self) -> bool:
        """Whether it is right, rounding aside."""
        return abs(self.value - self.claimed) <= self.tolerance


def equations(text: str, start: int = 0, end: int | None = None) -> Iterator[Equation]:
    """The equations in `text[start:end]` whose left side is arithmetic: `1,200/4 = 300`, `a = 3+4 = 7`; and what such a chain goes on to.

    Of `1+4 = 5 = 3` these are `1+4 = 5`, which holds, and `5 = 3`, which does not; a number with a unit behind it ends a chain.
    What is joined to something that is not read (a letter, a percentage, a power, `half of 3*4`, a remainder) is passed over: nothing is
    said of it, neither that it holds nor that it does not.
    """
    end = len(text) if end is None else end
    at, before = start, None
    while (found := _EQUATION.search(text, at, end)) is not None:
        before = _read(text, found, end, before)
        if before is not None:
            yield before
        at = max(found.start(2), found.start() + 1)


def _read(text: str, found: re.Match[str], end: int, before: Equation | None) -> Equation | None:
    """The equation of a match; None where it is joined to more, or its left side is neither arithmetic nor what `before` came to."""
    left, right = _opened(found[1]), _closed(found[2])
    first, last = found.end(1) - len(left), found.start(2) + len(right)
    line = text[text.rfind("\n", 0, first) + 1 : first]
    if _JOINED.search(line) or _GOES_ON.match(text, last, end):
        return None
    if _BINARY.search(left):
        value = evaluate(left.translate(_PLAIN))
    elif before is not None and before.end == found.end(1) and not _UNIT.match(text, last, end):
        value = before.value
    else:
        return None
    claimed = evaluate(right.translate(_PLAIN))
    if value is None or claimed is None:
        return None
    return Equation(first, last, value, claimed, _tolerance(right))


def _opened(side: str) -> str:
    """The side without brackets at its beginning that nothing in it closes."""
    while side.startswith("(") and side.count("(") > side.count(")"):
        side = side[1:]
    return side


def _closed(side: str) -> str:
    """The side without brackets at its end that nothing in it opens."""
    while side.endswith(")") and side.count(")") > side.count("("):
        side = side[:-1]
    return side


def _tolerance(claimed: str) -> Fraction:
    decimals = re.search(r"\.(\d+)\D*$", claimed)
    return Fraction(1, 2 * 10 ** len(decimals[1])) if decimals else Fraction(0)
