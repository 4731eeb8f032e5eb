"""Plain text, cut into windows that a teacher scores."""

from __future__ import annotations

import re
from collections.abc import Iterator

from potstill.errors import InputError, RecipeError
from potstill.prompts.request import Request
from potstill.recipe.paths import existing
from potstill.registry import part
from potstill.store.artifact import digest_file
from potstill.text.specs import count_setting
from potstill.types import Prompt

WINDOW = 1024
"""Characters a window where the recipe does not say."""
_BREAKS = ("\n\n", "\n", " ")
"""Where a window may end, the best first."""


@part("source", "text", version="1")
class TextSource:
    """A text in windows: `text:PATH?bytes=0:60000&window=256`; for mode = "score".

    `bytes` is a slice as in Python (`-100000:` is the last 100,000 bytes; a character cut in two at an end is left out). `window` is the
    most characters of a window: it ends at the last paragraph, else line, else space in its second half, else anywhere. White space
    around windows is left out.

    Raises:
        InputError: the file is missing or not UTF-8.
    """

    SETTINGS = ("bytes", "window")

    def __init__(self, request: Request) -> None:
        self._path = existing(request.name, request.where)
        self._slice = _parsed_slice(request.settings.get("bytes", ":"), request.where)
        self._window = count_setting(dict(request.settings), "window", WINDOW, request.where)

    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return digest_file(self._path)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt without messages for each window, in the text's order."""
        data = self._path.read_bytes()
        start, stop, _ = self._slice.indices(len(data))
        text, start = _decoded(data[start:stop], start, str(self._path))
        for window in windows(text, self._window):
            place = start + len(text[: window.start].encode())
            yield Prompt((), reference=text[window], skill=self._path.stem, source=f"{self._path}@{place}")


def windows(text: str, size: int) -> Iterator[slice]:
    """Consecutive windows of at most `size` characters without the white space around them; empty ones are left out."""
    start = 0
    while start < len(text):
        end = _end(text, start, size)
        inner = text[start:end]
        first = start + len(inner) - len(inner.lstrip())
        last = start + len(inner.rstrip())
        if first < last:
            yield slice(first, last)
        start = end


def _end(text: str, start: int, size: int) -> int:
    """Where the window that begins at `start` ends."""
    end = start + size
    if end >= len(text):
        return len(text)
    for mark in _BREAKS:
        found = text.rfind(mark, start + size // 2, end)
        if found >= 0:
            return found + len(mark)
    return end


def _parsed_slice(text: str, where: str) -> slice:
    found = re.fullmatch(r"(-?\d+)?:(-?\d+)?", text)
    if found is None:
        raise RecipeError(f"bytes={text} is no slice", where=where, fix="write it as 0:60000, 60000: or -100000:")
    return slice(*(None if number is None else int(number) for number in found.groups()))


def _decoded(data: bytes, start: int, where: str) -> tuple[str, int]:
    """The text of a slice of bytes and where it begins, without a character cut in two at either end."""
    while data and data[0] & 0xC0 == 0x80:
        data, start = data[1:], start + 1
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode(), start
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise InputError(f"not UTF-8 at byte {start + error.start}", where=where, fix="save it as UTF-8") from None
    return "", start
