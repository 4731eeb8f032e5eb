"""The code in which digits and signs stand for letters."""

from __future__ import annotations

import re

from potstill.attacks.encoding import Encoding
from potstill.registry import part

SIGNS = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_LETTERS = {sign: letter for letter, sign in SIGNS.items()}
_ENCODED = {**SIGNS, **{sign: f"\\{sign}" for sign in (*_LETTERS, "\\")}}
_CODE = re.compile(r"(?s)\\(.)|([013457])")


@part("attack", "leetspeak")
class Leetspeak(Encoding):
    """Writes digits for letters that look like them; a digit of the request itself gets a backslash."""

    NAME = "leetspeak"
    HALF = "A"
    TITLE = "leetspeak, where a digit behind a backslash is a digit"

    def encode(self, text: str) -> str:
        """`SIGNS` for the small letters that have one; the signs themselves, and a backslash, behind a backslash."""
        return "".join(_ENCODED.get(character, character) for character in text)

    def decode(self, code: str) -> str:
        """The letters for the signs."""
        return _CODE.sub(lambda found: found[1] or _LETTERS[found[2]], code)

    def plain(self, text: str) -> str:
        """The whole text decoded."""
        return self.decode(text)
