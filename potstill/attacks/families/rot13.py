"""The code in which the alphabet is turned by half."""

from __future__ import annotations

import string

from potstill.attacks.encoding import Encoding
from potstill.registry import part

_LETTERS = string.ascii_lowercase + string.ascii_uppercase
_TURNED = str.maketrans(_LETTERS, "".join(half[13:] + half[:13] for half in (string.ascii_lowercase, string.ascii_uppercase)))


@part("attack", "rot13")
class Rot13(Encoding):
    """Writes the request in rot13."""

    NAME = "rot13"
    HALF = "B"
    TITLE = "rot13"

    def encode(self, text: str) -> str:
        """Each of the 26 letters as the one thirteen places on; everything else stays."""
        return text.translate(_TURNED)

    def decode(self, code: str) -> str:
        """As `encode`: twice thirteen are all letters."""
        return self.encode(code)

    def plain(self, text: str) -> str:
        """The whole text decoded: what was in plain words is not, there."""
        return self.decode(text)
