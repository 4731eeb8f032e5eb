"""The final answer in a text, and the number that it states.

A final answer stands behind the last of these marks, up to the end of its line: `####` (GSM8K), `\\boxed{...}`, `Answer:`, `the answer is`.
A number may be written as `1,200`, `$3.50`, `84.0`, `1/3`, `2 1/2`, `12%` (which is 12) or as arithmetic, `(84 / 2)`; arithmetic is read
by a small parser, never run as code. Numbers are exact fractions, so that 0.1 + 0.2 equals 0.3.
"""

from __future__ import annotations

import re
from fractions import Fraction

_MARK = re.compile(r"####|\\boxed\s*\{|\banswer\s*(?:is\s*:?|:)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+")
_MIXED = re.compile(r"(?<![\d.,/])(\d+)\s+(\d+)/(\d+)(?![\d/])")
_OPERATORS = str.maketrans({"×": "*", "⋅": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?|\.\d+)|([-+*/()]))")
_EXPRESSION = re.compile(r"[-+(\d.][-+*/().\d\s]*")
_FIRST_NUMBER = re.compile(r"-?\s*(?:\d+(?:\.\d+)?|\.\d+)")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,100}")
_LAST_NUMBER = re.compile(r"(?<![\w.)])-?(?:\d+(?:\.\d+)?|\.\d+)(?:/\d+)?|(?:\d+(?:\.\d+)?|\.\d+)")
_LONGEST = 200
"""Characters of arithmetic that are read at most."""


def final_answer(text: str) -> str | None:
    """What stands behind the last mark of a final answer, to the end of its line; None when there is no mark, or nothing behind it."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    behind = text[marks[-1].end() :]
    boxed = marks[-1].group().startswith("\\")
    answer = _braced(behind) if boxed else behind.strip().partition("\n")[0]
    return answer.strip().strip("*_`").strip() or None


def _braced(text: str) -> str:
    """What stands before the brace that closes one already open; the whole text when none does."""
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[:place]
    return text


def number(text: str) -> Fraction | None:
    """The value of the first number or piece of arithmetic in the text; None when there is none, or when it divides by zero."""
    for found in _EXPRESSION.finditer(_plain(text)):
        first = _FIRST_NUMBER.search(found.group())
        try:
            return _value(found.group())
        except ZeroDivisionError:
            return None
        except ValueError:
            if first is not None:
                return _value(first.group())
    return None


def last_number(text: str) -> Fraction | None:
    """The last number written in the text, with its sign; None when there is none."""
    found = _LAST_NUMBER.findall(_plain(text))
    return evaluate(found[-1]) if found else None


def stated_number(text: str) -> Fraction | None:
    """The number that a text comes to: of its final answer; without a mark, the value of a text that is arithmetic, else its last number.

    None when the final answer holds no number, or the whole text none.
    """
    answer = final_answer(text)
    if answer is not None:
        return number(answer)
    value = evaluate(_plain(text))
    return value if value is not None else last_number(text)


def _plain(text: str) -> str:
    """Numbers without separators of thousands, mixed fractions as sums, LaTeX fractions and foreign operators as plain ones."""
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = text.replace("\\$", "").replace("$", "").replace("\\times", "*").replace("\\cdot", "*").replace("\\div", "/")
    text = text.translate(_OPERATORS)
    text = _NUMBER.sub(lambda found: found.group().replace(",", ""), text)
    return _MIXED.sub(r"(\1+\2/\3)", text)


def evaluate(expression: str) -> Fraction | None:
    """The exact value of arithmetic in + - * / and brackets; None when it is no such thing, divides by zero or is too long."""
    try:
        return _value(expression)
    except (ValueError, ZeroDivisionError):
        return None


def _value(expression: str) -> Fraction:
    if _PLAIN_NUMBER.fullmatch(expression):
        return Fraction(expression)
    tokens = _tokens(expression)
    value, rest = _sum(tokens)
    if rest:
        raise ValueError("something follows the arithmetic")
    return value


def _tokens(expression: str) -> list[str]:
    expression = expression.strip().rstrip(".").rstrip()
    if len(expression) > _LONGEST:
        raise ValueError("too long")
    tokens, place = [], 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            raise ValueError("no arithmetic")
        tokens.append(found.group().strip())
        place = found.end()
    return tokens


def _sum(tokens: list[str]) -> tuple[Fraction, list[str]]:
    value, rest = _product(tokens)
    while rest and rest[0] in "+-":
        other, after = _product(rest[1:])
        value, rest = value + other if rest[0] == "+" else value - other, after
    return value, rest


def _product(tokens: list[str]) -> tuple[Fraction, list[str]]:
    value, rest = _factor(tokens)
    while rest and rest[0] in "*/":
        other, after = _factor(rest[1:])
        value, rest = value * other if rest[0] == "*" else value / other, after
    return value, rest


def _factor(tokens: list[str]) -> tuple[Fraction, list[str]]:
    if not tokens:
        raise ValueError("a number is missing")
    head, rest = tokens[0], tokens[1:]
    if head in ("-", "+"):
        value, rest = _factor(rest)
        return (-value if head == "-" else value), rest
    if head == "(":
        value, rest = _sum(rest)
        if rest[:1] != [")"]:
            raise ValueError("a bracket is not closed")
        return value, rest[1:]
    return Fraction(head), rest
