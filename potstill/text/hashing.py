"""Texts as sparse rows of hashed n-grams: of words, of characters, and of the words of the opening apart.

Weinberger et al. 2009 (arXiv 0902.2206) describe hashed features; here without signs, so that counts stay counts. A word is a run of
letters and digits, or one other visible sign. Letter case and the form of quotes and spaces do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xxhash
from jaxtyping import Float32, Float64, Int32, Int64, UInt64

VERSION = 1
"""Of the way from a text to its features; weights of another version mean other features."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: an odd number whose products spread over all bits."""
_SHIFT = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse matrix of N rows, in compressed form.

    Attributes:
        starts: where each row begins in the other two, and where the last ends.
        columns: the columns that are not zero, row by row.
        values: what stands there.
    """

    starts: Int64[np.ndarray, " rows_and_one"]
    columns: Int32[np.ndarray, " nnz"]
    values: Float32[np.ndarray, " nnz"]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row_of_each(self) -> Int64[np.ndarray, " nnz"]:
        """The row in which each value stands."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def take(self, rows: Int64[np.ndarray, " M"]) -> Rows:
        """Those rows, in that order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Rows(starts, self.columns[places], self.values[places])


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of some texts, each where it stands.

    Attributes:
        rows: the text's number.
        columns: the n-gram's column.
        first, last: its first and last word, counted over all the texts.
    """

    rows: Int64[np.ndarray, " G"]
    columns: Int64[np.ndarray, " G"]
    first: Int64[np.ndarray, " G"]
    last: Int64[np.ndarray, " G"]


@dataclass(frozen=True, slots=True)
class Features:
    """Which n-grams are looked at.

    Each kind (words, characters, opening) is a block of its own: 1 + log(count) for each of its n-grams, scaled to length 1, and all
    blocks together to length 1 again, so that the many n-grams of characters do not drown the words.

    Attributes:
        words: lengths of the n-grams of words.
        characters: lengths of the n-grams of characters, over words parted by single spaces.
        opening: so many words at the beginning are counted once more as a block of their own; 0: none.
        bits: the base-2 logarithm of the number of columns.
    """

    words: tuple[int, ...] = (1, 2)
    characters: tuple[int, ...] = (4,)
    opening: int = 0
    bits: int = 18

    def rows(self, texts: Sequence[str]) -> Rows:
        """The texts as rows of 2^bits columns; a text without words is a row of zeros."""
        blocks = [_counted(grams, len(texts), self.bits) for grams in self.grams(texts, _split(texts))]
        return _joined([block for block in blocks if len(block.columns)], len(texts))

    def grams(self, texts: Sequence[str], split: Words) -> Iterator[Grams]:
        """The n-grams of each block, given the texts' words."""
        hashes = np.fromiter(map(_hash, split.words), np.uint64, len(split.words))
        if self.words:
            yield _of_words(hashes, split, self.words, 1, self.bits)
        if self.characters:
            yield _of_characters(split, self.characters, self.bits)
        if self.opening:
            place = np.arange(len(split.rows)) - np.searchsorted(split.rows, split.rows)
            yield _of_words(hashes, split, self.words or (1, 2), 2, self.bits, place < self.opening)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of some texts, one text behind the other.

    Attributes:
        words: in lower case, quotes straight.
        rows: the text's number, word by word.
    """

    words: list[str]
    rows: Int64[np.ndarray, " W"]


def _split(texts: Sequence[str]) -> Words:
    each = [_WORD.findall(plain(text)) for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(words) for words in each])
    return Words([word for words in each for word in words], rows)


def plain(text: str) -> str:
    """The text in lower case with straight quotes, letter for letter as long as before."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return lower.translate(_QUOTES)


def words(text: str) -> tuple[Words, list[tuple[int, int]]]:
    """The words of one text, and the span of each in characters."""
    found = list(_WORD.finditer(plain(text)))
    return Words([word[0] for word in found], np.zeros(len(found), np.int64)), [word.span() for word in found]


@lru_cache(maxsize=1 << 17)
def _hash(word: str) -> int:
    return xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass"))


def _column(hashes: UInt64[np.ndarray, " G"], bits: int) -> Int64[np.ndarray, " G"]:
    """The hashes' highest bits after they are mixed once more."""
    mixed = (hashes ^ (hashes >> _SHIFT)) * _SPREAD
    return np.asarray((mixed >> np.uint64(64 - bits)).astype(np.int64))


def _rolled(letters: UInt64[np.ndarray, " L"], length: int, salt: int) -> UInt64[np.ndarray, " G"]:
    """The hash of each run of so many letters: a polynomial in 2^64 / golden ratio."""
    count = len(letters) - length + 1
    total = np.full(count, np.uint64(salt * 1_000_003 + length), np.uint64)
    for place in range(length):
        total = total * _SPREAD + letters[place : place + count]
    return np.asarray(total)


def _of_words(
    hashes: UInt64[np.ndarray, " W"], split: Words, lengths: Sequence[int], salt: int, bits: int, among: np.ndarray | None = None
) -> Grams:
    """The n-grams of words; `among`: only those all of whose words are marked."""
    found = []
    for length in (length for length in lengths if length <= len(hashes)):
        count = len(hashes) - length + 1
        within = split.rows[:count] == split.rows[length - 1 :]
        if among is not None:
            within &= among[length - 1 :]
        first = np.flatnonzero(within)
        found.append(Grams(split.rows[first], _column(_rolled(hashes, length, salt)[first], bits), first, first + length - 1))
    return _together(found)


def _of_characters(split: Words, lengths: Sequence[int], bits: int) -> Grams:
    """The n-grams of characters, a space before each word and behind the last of a text; none crosses from one text into another."""
    spaced = [f" {word}" for word in split.words]
    letters = np.frombuffer("".join(spaced).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    word = np.repeat(np.arange(len(spaced)), [len(one) for one in spaced])
    found = []
    for length in (length for length in lengths if length <= len(letters)):
        count = len(letters) - length + 1
        within = np.flatnonzero(split.rows[word[:count]] == split.rows[word[length - 1 :]])
        first, last = word[within], word[within + length - 1]
        found.append(Grams(split.rows[first], _column(_rolled(letters, length, 3)[within], bits), first, last))
    return _together(found)


def _together(found: Sequence[Grams]) -> Grams:
    none = np.zeros(0, np.int64)
    parts = zip(*((one.rows, one.columns, one.first, one.last) for one in found), strict=True)
    arrays = [np.concatenate(part) for part in parts] or [none] * 4
    return Grams(*arrays)


def _counted(grams: Grams, count: int, bits: int) -> Rows:
    """1 + log(count) of each n-gram, each row scaled to length 1."""
    keys, times = np.unique((grams.rows << bits) | grams.columns, return_counts=True)
    rows, values = keys >> bits, 1 + np.log(times)
    lengths = np.sqrt(np.bincount(rows, values * values, count))
    starts = np.searchsorted(rows, np.arange(count + 1))
    return Rows(starts, (keys & ((1 << bits) - 1)).astype(np.int32), (values / lengths[rows]).astype(np.float32))


def _joined(blocks: Sequence[Rows], count: int) -> Rows:
    """The blocks side by side, each row scaled to length 1."""
    if not blocks:
        return Rows(np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    rows = np.concatenate([block.row_of_each() for block in blocks])
    order = np.argsort(rows, kind="stable")
    columns = np.concatenate([block.columns for block in blocks])[order]
    values = np.concatenate([block.values for block in blocks])[order]
    starts = np.searchsorted(rows[order], np.arange(count + 1))
    parts = sum((np.diff(block.starts) > 0).astype(np.float64) for block in blocks)
    scale: Float64[np.ndarray, " N"] = 1 / np.sqrt(np.maximum(parts, 1))
    return Rows(starts, columns, (values * np.repeat(scale, np.diff(starts))).astype(np.float32))
