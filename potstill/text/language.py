"""Which language a text is in: py3langid over its prose, without code, formulas and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from potstill.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST = 6
"""Different words of prose that a text must have to be judged."""
LONGEST = 500
"""Characters of prose that are looked at."""
KINDRED: tuple[frozenset[str], ...] = (
    frozenset(("bs", "hr", "sr", "sh", "cnr")),
    frozenset(("da", "nb", "nn", "no")),
    frozenset(("id", "ms", "zsm")),
    frozenset(("cs", "sk")),
    frozenset(("gl", "pt")),
    frozenset(("af", "nl")),
    frozenset(("en", "pcm", "sco")),
    frozenset(("zh", "yue", "wuu")),
)
"""Languages that short texts do not tell apart: each speaks for the others."""

_NO_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|<<.*?>>|\$\$.*?\$\$|\$[^$\n]*\\[^$\n]*\$|\\\[.*?\\\]|\\\(.*?\\\)|\w+://\S+|\S+@\S+|</?\w[^<>]*>", re.DOTALL
)
"""Code, formulas, addresses and tags."""
_EDGE = "\"'“”‘’«»„(){}[]<>.,;:!?¿¡…*_#|/\\-–—=+~"
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Letters of scripts that put no spaces between words; each counts as one."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What language a text is in.

    Attributes:
        language: the likeliest, ISO 639 code.
        shares: language -> probability, all of them; they sum to 1.
    """

    language: str
    shares: Mapping[str, float]

    def share(self, languages: Sequence[str]) -> float:
        """The probability that it is one of these, or one that short texts do not tell from them."""
        wanted = set(languages).union(*(some for some in KINDRED if not some.isdisjoint(languages)))
        return min(sum(self.shares.get(one, 0.0) for one in wanted), 1.0)


def prose(text: str) -> list[str]:
    """The words of a text that tell its language: no code, formulas, numbers, addresses, single letters and capitalised words."""
    bare = _NO_PROSE.sub(" ", text)
    words = (word.strip(_EDGE) for word in bare.split())
    return [word for word in words if len(word) > 1 and _tells(word)]


def _tells(word: str) -> bool:
    if _SPACELESS.search(word):
        return True
    return not any(letter.isdigit() for letter in word) and word[0].isalpha() and (word[0].islower() or not word[1:].islower())


def heard(text: str) -> Heard | None:
    """The language of a text; None for one with fewer than `LEAST` different words of prose.

    Raises:
        MissingExtraError: py3langid is not installed.
    """
    words = prose(text[: 4 * LONGEST])
    if len({word.lower() for word in words}) + sum(len(_SPACELESS.findall(word)) for word in words) < LEAST:
        return None
    ranked = _identifier().rank(" ".join(words)[:LONGEST])
    return Heard(ranked[0][0], dict(ranked))


def check_languages(languages: Sequence[str], where: str) -> None:
    """All of them can be told.

    Raises:
        InputError: one cannot.
        MissingExtraError: py3langid is not installed.
    """
    known = set(_identifier().labels).union(*KINDRED)
    for one in languages:
        if one not in known:
            raise InputError(f"unknown language {one!r}", where=where, fix="give ISO 639-1 codes, as in languages = ['en', 'de']")


def version() -> str:
    """The version of py3langid.

    Raises:
        MissingExtraError: it is not installed.
    """
    from importlib.metadata import version as of

    _identifier()
    return of("py3langid")


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise MissingExtraError.of("py3langid", "curate", "telling languages") from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
