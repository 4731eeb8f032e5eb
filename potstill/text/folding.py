"""Texts with what hides words undone: letter case, forms of letters, look-alikes of other alphabets, signs that nobody sees."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LIKE = {
    **dict(zip("асеіјорѕхуһԁԛԝѵӏгкмнтв", "aceijopsxyhdqwvlrkmhtb", strict=True)),
    **dict(zip("αοενρτυικχγηωβ", "aoevptuikxynwb", strict=True)),
    **dict(zip("ıɑɡɩʟʀʏ", "iagilry", strict=True)),
}
"""Small letters of other alphabets -> the Latin one that they look like, or stand for where a word mixes alphabets."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text.

    Attributes:
        text: what it reads.
        places: of each of its characters, that of the character it came from; one more for the end.
    """

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters of the folded text stand in the original; `end` is beyond the last, and after `start`."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """The text in small letters without accents, forms and unseen signs, each run of spaces as one space.

    Compatibility forms (full-width, mathematical) become plain letters (Unicode NFKD), and letters of other alphabets that look Latin
    become Latin in words that hold Latin letters; a word wholly in another alphabet stays.
    """
    letters, places = _plain(text)
    _relatin(letters)
    return Folded("".join(letters), (*places, len(text)))


def _plain(text: str) -> tuple[list[str], list[int]]:
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in character.lower() if character.isascii() else _decomposed(character):
            if not letter.isspace():
                letters.append(letter)
                places.append(place)
            elif letters and letters[-1] != " ":
                letters.append(" ")
                places.append(place)
    return letters, places


def _decomposed(character: str) -> str:
    """In small letters, without marks and without signs of no width."""
    form = unicodedata.normalize("NFKD", character).casefold()
    return "".join(letter for letter in unicodedata.normalize("NFKD", form) if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))


def _relatin(letters: list[str]) -> None:
    """Look-alikes become Latin in words that mix alphabets."""
    start = 0
    for place in range(len(letters) + 1):
        if place < len(letters) and letters[place].isalpha():
            continue
        word = letters[start:place]
        if any(letter in _LIKE for letter in word) and any(letter.isascii() for letter in word):
            letters[start:place] = [_LIKE.get(letter, letter) for letter in word]
        start = place + 1
