"""A list of terms that is looked for in texts, all at once (Aho and Corasick 1975), whatever hides them: case, accents, hyphens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from potstill.errors import InputError, MissingExtraError
from potstill.recipe.paths import existing
from potstill.text.folding import fold
from potstill.types import digest

if TYPE_CHECKING:
    from ahocorasick import Automaton

_HYPHENS = str.maketrans(dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2212_", " "))
"""Between words they count as spaces; folding leaves them as they are."""
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Letters of scripts that put no spaces between words."""


class Hit(NamedTuple):
    """A term in a text.

    Attributes:
        start, end: its span in the text as it is written, in characters, half open.
        term: as in the list.
    """

    start: int
    end: int
    term: str


class Blocklist:
    """Terms: words or phrases. A term that begins, or ends, with `*` may stand within a longer word on that side.

    A hyphen reads as a space, in terms and in texts. In scripts without spaces a term may stand anywhere.

    Args:
        terms: as written; those that read the same count once.
        where: for messages.

    Raises:
        InputError: a term holds no letter and no digit.
    """

    def __init__(self, terms: Sequence[str], where: str = "") -> None:
        self.terms = tuple(dict.fromkeys(terms))
        for term in self.terms:
            if not any(letter.isalnum() for letter in term):
                raise InputError(f"the term {term!r} holds no letter", where=where, fix="leave it out of the blocklist")

    @classmethod
    def read(cls, given: str | Sequence[str], where: str = "") -> Blocklist:
        """A list as the recipe gives it: the terms, or a file with a term a line; empty lines and those that begin with `#` do not count.

        Raises:
            InputError: the file is not there, is not UTF-8, or holds no term; or a term holds no letter and no digit.
        """
        if not isinstance(given, str):
            return cls(given, where)
        try:
            lines = existing(given, where).read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"byte {error.start} is not UTF-8", where=f"{where} {given}", fix="write the file in UTF-8") from None
        terms = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not terms:
            raise InputError("the file holds no term", where=f"{where} {given}", fix="write a term a line, or take the blocklist out")
        return cls(terms, f"{where} {given}")

    @property
    def identity(self) -> str:
        """A digest of the terms."""
        return digest(sorted(self.terms))

    def hits(self, text: str) -> Iterator[Hit]:
        """The terms in a text, in order; of several that end at one place all.

        Raises:
            MissingExtraError: pyahocorasick is not installed.
        """
        if not self.terms:
            return
        folded = fold(text)
        read = folded.text.translate(_HYPHENS)
        for last, found in self._automaton.iter(read):
            for term, length in found:
                start, end = last - length + 1, last + 1
                if (term.startswith("*") or _bounds(read, start)) and (term.endswith("*") or _bounds(read, end)):
                    yield Hit(*folded.span(start, end), term)

    @cached_property
    def _automaton(self) -> Automaton:
        try:
            import ahocorasick
        except ImportError:
            raise MissingExtraError.of("pyahocorasick", "curate", "a blocklist") from None
        alike: dict[str, list[tuple[str, int]]] = {}
        for term in self.terms:
            read = fold(term.strip("*")).text.translate(_HYPHENS).strip()
            alike.setdefault(read, []).append((term, len(read)))
        automaton = ahocorasick.Automaton()
        for read, terms in alike.items():
            automaton.add_word(read, tuple(terms))
        automaton.make_automaton()
        return automaton


def _bounds(text: str, place: int) -> bool:
    """Whether no word goes on over that place."""
    if not (0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()):
        return True
    return bool(_SPACELESS.match(text[place - 1]) or _SPACELESS.match(text[place]))
