"""The code base64."""

from __future__ import annotations

import base64
import re

from potstill.attacks.encoding import Encoding, decoded_runs
from potstill.registry import part

_SIGN = "[A-Za-z0-9+/]"
_END = f"(?:{_SIGN}{{2}}==|{_SIGN}{{3}}=)"
_RUNS = re.compile(rf"(?m)(?<!{_SIGN})(?:{_SIGN}{{4}}){{2,}}{_END}?(?![A-Za-z0-9+/=])|^(?:{_SIGN}{{4}})*(?:{_SIGN}{{4}}|{_END})$")
"""Runs of eight signs and more, and lines of nothing else."""


@part("attack", "base64")
class Base64(Encoding):
    """Writes the request in base64."""

    NAME = "base64"
    HALF = "A"
    TITLE = "base64"

    def encode(self, text: str) -> str:
        """The text's UTF-8 in base64."""
        return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")

    def decode(self, code: str) -> str:
        """The text of a code in base64."""
        return base64.b64decode(code, validate=True).decode("utf-8", "surrogatepass")

    def plain(self, text: str) -> str:
        """The text with the runs decoded that are base64 of text."""
        return decoded_runs(text, _RUNS, self.decode)
