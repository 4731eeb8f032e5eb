"""The code of hexadecimal digits."""

from __future__ import annotations

import re

from potstill.attacks.encoding import Encoding, decoded_runs
from potstill.registry import part

_RUNS = re.compile(r"(?m)(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){4,}(?![0-9A-Za-z])|^(?:[0-9A-Fa-f]{2})+$")


@part("attack", "hex")
class Hex(Encoding):
    """Writes the request in hexadecimal digits, two a byte."""

    NAME = "hex"
    HALF = "B"
    TITLE = "hexadecimal bytes"

    def encode(self, text: str) -> str:
        """The text's UTF-8 in hexadecimal digits."""
        return text.encode("utf-8", "surrogatepass").hex()

    def decode(self, code: str) -> str:
        """The text of a code in hexadecimal digits."""
        return bytes.fromhex(code).decode("utf-8", "surrogatepass")

    def plain(self, text: str) -> str:
        """The text with the runs decoded that are the bytes of text."""
        return decoded_runs(text, _RUNS, self.decode)
