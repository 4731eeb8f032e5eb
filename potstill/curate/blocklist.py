"""A list of terms that is looked for in texts, all at once (Aho and Corasick 1975), whatever hides them: case, accents, look-alikes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from potstill.errors import InputError, MissingExtraError
from potstill.recipe.paths import existing
from potstill.text.folding import fold
from potstill.types import digest

if TYPE_CHECKING:
    from ahocorasick import Automaton


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
            InputError: the file is not there, or a term holds no letter and no digit.
        """
        if not isinstance(given, str):
            return cls(given, where)
        lines = existing(given, where).read_text(encoding="utf-8").splitlines()
        return cls([line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")], f"{where} {given}")

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
        for last, found in self._automaton.iter(folded.text):
            for term, length in found:
                start, end = last - length + 1, last + 1
                if (term.startswith("*") or _bounds(folded.text, start)) and (term.endswith("*") or _bounds(folded.text, end)):
                    yield Hit(*folded.span(start, end), term)

    @cached_property
    def _automaton(self) -> Automaton:
        try:
            import ahocorasick
        except ImportError:
            raise MissingExtraError.of("pyahocorasick", "curate", "a blocklist") from None
        alike: dict[str, list[tuple[str, int]]] = {}
        for term in self.terms:
            read = fold(term.strip("*")).text.strip()
            alike.setdefault(read, []).append((term, len(read)))
        automaton = ahocorasick.Automaton()
        for read, terms in alike.items():
            automaton.add_word(read, tuple(terms))
        automaton.make_automaton()
        return automaton


def _bounds(text: str, place: int) -> bool:
    """Whether no word goes on over that place."""
    return not (0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum())
