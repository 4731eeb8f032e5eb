"""Texts as hashed words and runs of words, a batch at a time.

A word is a run of letters and digits; an ideograph or a kana is a word by itself, and a run of more than 32 letters, as of base64, is cut
into words of 8, so that what is written in it weighs as much as other text. Letter case, punctuation, invisible signs and the form of
a letter (NFKC) do not count. The bytes of a batch are hashed together: a word is a polynomial in its letters modulo 2^64 (Karp and Rabin
1987), read off running sums, and a run of n words one in its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt8, UInt64

VERSION = 2
"""Of the way from a text to its hashes."""
CHUNK = 1 << 18
"""Bytes that are hashed at a time."""
LONGEST, PIECE = 32, 8
"""Letters of the longest word, and of the pieces of a run that is longer."""
_BASE, _STEP = 0x9E3779B97F4A7C15, np.uint64(0xD6E8FEB86659FD93)
"""Odd numbers with their ones spread out: of the letters of a word, and of the words of a run."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_IDEOGRAPH = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
_MARK = re.compile(r"[^\w\x00-\x7f]")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[A-Za-z0-9\x80-\U0010ffff]+")


def _classes() -> UInt8[np.ndarray, 256]:
    """Of each byte what it counts as: a letter in lower case, or 0 between words. Bytes beyond ASCII are letters."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        letter = chr(byte).lower()
        if byte > 127 or letter.isalnum():
            table[byte] = byte if byte > 127 else ord(letter)
    return table


_CLASSES = _classes()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of some texts, one text behind the other.

    Attributes:
        hashes: of each word.
        starts: where each text's words begin, and where the last one's end.
        digits: whether the word begins with a digit.
        capitals: whether it begins with a capital of ASCII.
    """

    hashes: UInt64[np.ndarray, " W"]
    starts: Int64[np.ndarray, " texts_and_one"]
    digits: Bool[np.ndarray, " W"]
    capitals: Bool[np.ndarray, " W"]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self) -> Int64[np.ndarray, " W"]:
        """The number of the text that each word stands in."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


def split(texts: Sequence[str]) -> Words:
    """The words of each text."""
    parts = [_split(chunk) for chunk in _chunks(texts)] or [_split([])]
    counts = np.concatenate([part[0] for part in parts])
    hashes, digits, capitals = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    return Words(hashes, np.concatenate([[0], np.cumsum(counts)]), digits, capitals)


def runs(hashes: UInt64[np.ndarray, " W"], n: int) -> UInt64[np.ndarray, " W"]:
    """The hash of the n words from each word on; behind the last there are words of hash 0.

    Built by doubling: eight words are four and four. So a run that crosses from one text into the next has a hash as well; `whole` tells.
    """
    total, done = np.zeros(len(hashes), np.uint64), 0
    block, size = hashes, 1
    while True:
        if n & size:
            total = total * _power(size) + _shifted(block, done)
            done += size
        if size * 2 > n:
            return _mixed(total + np.uint64(n))
        block = block * _power(size) + _shifted(block, size)
        size *= 2


def whole(starts: Int64[np.ndarray, " texts_and_one"], n: int) -> Int64[np.ndarray, " G"]:
    """The words from which on n words stand in one text."""
    lengths = np.diff(starts)
    counts = np.maximum(lengths - n + 1, 0)
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(counts.sum()) + np.repeat(starts[:-1] - before, counts))


def sums(values: UInt64[np.ndarray, " W"], starts: Int64[np.ndarray, " texts_and_one"]) -> UInt64[np.ndarray, " texts"]:
    """The sum of each text's values modulo 2^64; 0 for a text without words."""
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values)])
    return np.asarray(running[starts[1:]] - running[starts[:-1]])


def fingerprints(words: Words) -> UInt64[np.ndarray, " texts"]:
    """One hash for all the words of each text in their order."""
    lengths = np.diff(words.starts)
    powers = np.cumprod(np.full(max(lengths.max(initial=0), 1), _STEP))
    place = np.arange(len(words.hashes)) - np.repeat(words.starts[:-1], lengths)
    return _mixed(sums(words.hashes * powers[place], words.starts) + lengths.astype(np.uint64))


def spans(text: str) -> list[tuple[int, int]]:
    """Where each word of a text stands, in characters of the text as it is given.

    Where the letters' forms cannot be followed back (Korean in single strokes), each word is said to stand anywhere in the text.
    """
    if text.isascii():
        return _words_of(text)
    pieces = list(_pieces(text))
    plain = _plain("".join(piece for piece, _, _ in pieces), normal=True)
    if plain != _plain(text):
        return [(0, len(text))] * len(_words_of(_plain(text)))
    places = [(start, end) for piece, start, end in pieces for _ in _plain(piece, normal=True)]
    return [(places[start][0], places[end - 1][1]) for start, end in _words_of(plain)]


def _words_of(plain: str) -> list[tuple[int, int]]:
    """Where each word of a text in normal form stands."""
    return [span for match in _WORD.finditer(plain) for span in _cut(*match.span())]


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run of letters as the words that it is."""
    if end - start <= LONGEST:
        yield start, end
        return
    yield from ((place, min(place + PIECE, end)) for place in range(start, end, PIECE))


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """A letter with the marks on it at a time, in its normal form, and where it stands."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not unicodedata.combining(text[end]):
            yield unicodedata.normalize("NFKC", text[start:end]), start, end
            start = end


def _plain(text: str, *, normal: bool = False) -> str:
    """The text in normal form, invisible signs left out, spaces around ideographs and for all marks beyond ASCII."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text if normal else unicodedata.normalize("NFKC", text))
    text = _MARK.sub(" ", _IDEOGRAPH.sub(r" \1 ", text))
    return _FOREIGN.sub(lambda match: match[0].casefold(), text)


def _chunks(texts: Sequence[str]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for text in texts:
        chunk.append(_plain(text).encode("utf-8", "surrogatepass"))
        size += len(chunk[-1]) + 1
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _split(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each text how many words it has; of each word its hash, whether it begins with a digit, and whether with a capital."""
    data = np.frombuffer(b" " + b" ".join(texts) + b" ", np.uint8)
    letters = np.take(_CLASSES, data)
    edges = np.flatnonzero(np.diff((letters != 0).view(np.int8))) + 1
    first, end = _pieced(data, edges[::2], edges[1::2])
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64)
    counts = np.diff(np.searchsorted(first, ends, "right"), prepend=0)
    powers, inverses = _powers(len(data))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(letters.astype(np.uint64) * powers)])
    hashes = _mixed((sums[end] - sums[first]) * inverses[first])
    opening = data[first]
    return counts, hashes, (opening >= 48) & (opening <= 57), (opening >= 65) & (opening <= 90)


def _pieced(data: np.ndarray, first: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where words begin and end, in bytes, with the runs of too many letters cut as in `spans`."""
    cuts = [np.zeros(0, np.int64)]
    for place in np.flatnonzero(end - first > LONGEST).tolist():
        letters = first[place] + np.flatnonzero((data[first[place] : end[place]] & 0xC0) != 0x80)
        if len(letters) > LONGEST:
            cuts.append(letters[PIECE::PIECE])
    if len(cuts) == 1:
        return first, end
    more = np.concatenate(cuts)
    return np.sort(np.concatenate([first, more])), np.sort(np.concatenate([end, more]))


_POWERS: list[UInt64[np.ndarray, " L"]] = []


def _powers(length: int) -> tuple[UInt64[np.ndarray, " L"], UInt64[np.ndarray, " L"]]:
    """The base to the power of 0, 1, … and its inverse modulo 2^64 to the same powers; made once, longer where they must be."""
    if not _POWERS or len(_POWERS[0]) < length:
        size = max(length, CHUNK + CHUNK // 4)
        factors = (np.full(size, base, np.uint64) for base in (_BASE, pow(_BASE, -1, 1 << 64)))
        _POWERS[:] = [np.concatenate([np.ones(1, np.uint64), np.cumprod(each[1:], dtype=np.uint64)]) for each in factors]
    return _POWERS[0][:length], _POWERS[1][:length]


def _power(size: int) -> np.uint64:
    return np.uint64(pow(int(_STEP), size, 1 << 64))


def _shifted(values: UInt64[np.ndarray, " W"], by: int) -> UInt64[np.ndarray, " W"]:
    """The values so many places further on, and 0 where there are none."""
    return np.concatenate([values[by:], np.zeros(min(by, len(values)), np.uint64)]) if by else values


def _mixed(values: UInt64[np.ndarray, " W"]) -> UInt64[np.ndarray, " W"]:
    """The values with their bits spread, so that any of them may serve as a key (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
