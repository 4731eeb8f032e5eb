"""Plain text, cut into windows that a teacher scores."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace

from potstill.errors import InputError, RecipeError
from potstill.recipe.paths import existing
from potstill.registry import part
from potstill.sources.labelling import OF_TEXT, text_of
from potstill.sources.request import Request
from potstill.store.artifact import digest_file
from potstill.text.specs import count_setting
from potstill.types import Prompt

WINDOW = 1024
"""Characters a window where the recipe does not say."""
_BREAKS = ("\n\n", "\n", " ")
"""Where a window may end, the best first."""
_SPACE = re.compile(r"\s")


@part("source", "text", version="4")
class TextSource:
    """A text in windows: `text:PATH?bytes=0:60000&window=256&stride=64`; for mode = "score".

    `bytes` is a slice as in Python (`-100000:` is the last 100,000 bytes; a character cut in two at an end is left out). `window` is the
    most characters of a window: it ends at the last paragraph, else line, else space in its second half, else anywhere. White space
    around windows is left out. With `stride` a window begins every so many characters, at the next word, so that windows overlap and
    each token is seen after several beginnings; without, each begins where the last one ended. The recipe's `columns` may state labels,
    as `licence = "=MIT"`; the skill is else the file's name without its ending.

    Raises:
        RecipeError: a setting is none, or `stride` is more than `window`.
        InputError: the file is missing or not UTF-8, or a label is none that a prompt may have.
    """

    SETTINGS = ("bytes", "window", "stride")
    COLUMNS = ()
    LABELS = OF_TEXT

    def __init__(self, request: Request) -> None:
        self._path = existing(request.name, request.where)
        self._blank = text_of(request.columns, request.where, self._path.stem)
        self._slice = _parsed_slice(request.settings.get("bytes", ":"), request.where)
        given = dict(request.settings)
        self._window = count_setting(given, "window", WINDOW, request.where)
        self._stride = count_setting(given, "stride", self._window, request.where) if "stride" in given else None
        if self._stride is not None and self._stride > self._window:
            what = f"stride={self._stride} is more than window={self._window}: the text between two windows would be left out"
            raise RecipeError(what, where=request.where, fix="take a smaller stride, or leave it out")

    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return digest_file(self._path)

    def prompts(self) -> Iterator[Prompt]:
        """A prompt without messages for each window, in the text's order."""
        data = self._path.read_bytes()
        start, stop, _ = self._slice.indices(len(data))
        text, start = _decoded(data[start:stop], start, str(self._path))
        passed = 0
        for window in windows(text, self._window, self._stride):
            start, passed = start + len(text[passed : window.start].encode()), window.start
            yield replace(self._blank, reference=text[window], source=f"{self._path}@{start}")


def windows(text: str, size: int, stride: int | None = None) -> Iterator[slice]:
    """Windows of at most `size` characters without the white space around them; empty ones are left out.

    Args:
        text: the whole of it.
        size: the most characters of a window.
        stride: characters between the beginnings of two windows; None: each begins where the one before it ended.
    """
    start = 0
    while start < len(text):
        end = _end(text, start, size)
        inner = text[start:end]
        first = start + len(inner) - len(inner.lstrip())
        last = start + len(inner.rstrip())
        if first < last:
            yield slice(first, last)
        start = end if stride is None or end == len(text) else _next_word(text, start + stride, end)


def _next_word(text: str, place: int, end: int) -> int:
    """Where the next word begins, at `place` or behind it, and no later than at `end`; `place` itself where no white space is."""
    found = _SPACE.search(text, place - 1, end)
    return found.end() if found else min(place, end)


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
    """The text of a slice of bytes and where it begins, without a byte-order mark or a character cut in two at either end."""
    if start == 0 and data.startswith(codecs.BOM_UTF8):
        data, start = data[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
    while data and data[0] & 0xC0 == 0x80:
        data, start = data[1:], start + 1
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode(), start
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise InputError(f"not UTF-8 at byte {start + error.start}", where=where, fix="save it as UTF-8") from None
    return "", start
