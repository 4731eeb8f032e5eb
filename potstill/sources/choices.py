"""Multiple choice: the options of a row, their letters, and which of them is right."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from potstill.errors import InputError
from potstill.text.rows import Row, cell, text_of, value_of

LETTERS = string.ascii_uppercase
"""What options are called in the turn, whatever they are called in the file."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of a question.

    Attributes:
        options: their texts, in order.
        names: what the row calls each; empty where it does not name them.
    """

    options: tuple[str, ...]
    names: tuple[str, ...] = ()

    def lettered(self, question: str) -> str:
        """The question with its options below it, a line each."""
        lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, self.options, strict=False)]
        return "\n".join([question.rstrip(), "", *lines])

    def letter(self, answer: Any, where: str) -> str:
        """The letter of the right one.

        Args:
            answer: its name in the row, its text, its letter, or its place from 0; a number that is none of the first two is its place.
            where: the row's place.

        Raises:
            InputError: it is none of the options.
        """
        text = str(answer).strip()
        place = _place(text, self.names) if not isinstance(answer, int) or text in self.names else None
        if place is None and not isinstance(answer, int):
            place = _place(_plain(text), [_plain(option) for option in self.options])
        if place is None and len(text) == 1 and text.upper() in LETTERS[: len(self.options)]:
            place = LETTERS.index(text.upper())
        if place is None and text.isascii() and text.isdecimal() and int(text) < len(self.options):
            place = int(text)
        if place is None:
            raise InputError(f"the answer {text!r} is none of the {len(self.options)} choices", where=where, fix="map `reference` to it")
        return LETTERS[place]


def _place(text: str, among: Sequence[str]) -> int | None:
    return among.index(text) if text in among else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def choices_of(row: Row, column: str, where: str) -> Choices:
    """The options of a row.

    Args:
        row: column -> value.
        column: that holds a list of texts; a list of objects with `label` and `text`; an object with lists under these names, or with a
            text under each label; or several columns of a text each, with commas between them.
        where: the row's place.

    Raises:
        InputError: it holds nothing of the kind, or fewer than two options, or more than there are letters.
    """
    names = [name.strip() for name in column.split(",")]
    if len(names) > 1 and column not in row:
        found = _of_columns(row, names, where)
    else:
        found = _of_value(value_of(row, column, where), column, where)
    if not 2 <= len(found.options) <= len(LETTERS):
        raise InputError(f"{len(found.options)} choices", where=where, fix=f"give from 2 to {len(LETTERS)}")
    return found


def _of_columns(row: Row, names: Sequence[str], where: str) -> Choices:
    texts = [cell(row, name, where) for name in names]
    while texts and texts[-1] is None:
        texts.pop()
    return _checked(texts, ",".join(names), where, names[: len(texts)])


def _of_value(value: Any, column: str, where: str) -> Choices:
    if isinstance(value, list) and value and all(isinstance(one, dict) and {"label", "text"} <= one.keys() for one in value):
        return _checked([one["text"] for one in value], column, where, [one["label"] for one in value])
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        return _checked(value["text"], column, where, value.get("label") or ())
    if isinstance(value, dict):
        return _checked(list(value.values()), column, where, list(value))
    if isinstance(value, list):
        return _checked(value, column, where)
    raise InputError(f"the column {column!r} holds no choices", where=where, fix="map a list of texts, or columns as in 'A,B,C,D'")


def _checked(texts: Sequence[Any], column: str, where: str, names: Sequence[Any] = ()) -> Choices:
    if not all(isinstance(text, str | int | float) and str(text).strip() for text in texts):
        raise InputError(f"a choice in {column!r} is empty or no text", where=where, fix="leave the row out, or map another column")
    told = tuple(str(name) for name in names) if len(names) == len(texts) else ()
    return Choices(tuple(text_of(text, column, where).strip() for text in texts), told)
