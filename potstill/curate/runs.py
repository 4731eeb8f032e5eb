"""Runs of words: tables of their hashes, and what texts have of the runs of passages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from potstill.text.shingles import Words, runs, split, whole

COMMON = 64
"""Runs that more passages of one set share are passed over."""
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
)
"""Words that are numbers, in English; those that begin with a digit are so in any language."""
_BLANK = np.uint64(0x9AE16A3B2F90404F)
_SHIFT = np.uint64(48)


class Table:
    """From hashes to values; a hash may have several.

    Args:
        keys, values: pairs.
    """

    def __init__(self, keys: UInt64[np.ndarray, " K"], values: Int64[np.ndarray, " K"]) -> None:
        order = np.argsort(keys, kind="stable")
        self.keys, self.starts, self.counts = np.unique(keys[order], return_index=True, return_counts=True)
        self.values = values[order]
        self._likely = np.zeros(1 << 16, bool)
        self._likely[self.keys >> _SHIFT] = True
        self._dense = len(self.keys) > 1 << 14
        if self._dense:
            self._likely = np.zeros(1 << 24, bool)
            self._likely[self.keys >> np.uint64(40)] = True

    def has(self, hashes: UInt64[np.ndarray, " Q"]) -> Int64[np.ndarray, " M"]:
        """The places of those that are keys."""
        some = np.flatnonzero(np.take(self._likely, (hashes >> (np.uint64(40) if self._dense else _SHIFT)).view(np.int64)))
        return np.asarray(some[self._find(hashes[some]) >= 0])

    def matches(self, hashes: UInt64[np.ndarray, " Q"]) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " M"]]:
        """The places of those that are keys, once for each value, and the values."""
        places = self.has(hashes)
        keys = self._find(hashes[places])
        counts = self.counts[keys]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(places, counts), self.values[np.repeat(self.starts[keys], counts) + within]

    def _find(self, hashes: UInt64[np.ndarray, " Q"]) -> Int64[np.ndarray, " Q"]:
        """The place among the keys; -1 for one that is none."""
        if not len(self.keys):
            return np.full(len(hashes), -1)
        near = np.minimum(np.searchsorted(self.keys, hashes), len(self.keys) - 1)
        return np.where(self.keys[near] == hashes, near, -1)


@dataclass(frozen=True, slots=True)
class View:
    """Texts as they are compared.

    Attributes:
        hashes, starts: as those of `Words`; one hash for all blanks.
        counts: whether the word is no blank.
        origin: which word of the texts it is; of blanks in a row the first.
    """

    hashes: UInt64[np.ndarray, " V"]
    starts: Int64[np.ndarray, " texts_and_one"]
    counts: Bool[np.ndarray, " V"]
    origin: Int64[np.ndarray, " V"]

    def text_of(self, places: Int64[np.ndarray, " M"]) -> Int64[np.ndarray, " M"]:
        """The text in which each of these words stands."""
        return np.searchsorted(self.starts, places, "right") - 1


def as_written(words: Words) -> View:
    """The words themselves."""
    return View(words.hashes, words.starts, np.ones(len(words.hashes), bool), np.arange(len(words.hashes)))


def with_blanks(words: Words) -> View:
    """Numbers, and words that begin with a capital, are blanks; blanks in a row are one."""
    blank = words.digits | words.capitals
    blank[_NUMBERS.has(words.hashes)] = True
    rows = words.rows()
    again = np.zeros(len(blank), bool)
    again[1:] = blank[1:] & blank[:-1] & (rows[1:] == rows[:-1])
    origin = np.flatnonzero(~again)
    starts = np.searchsorted(origin, words.starts)
    return View(np.where(blank, _BLANK, words.hashes)[origin], starts, ~blank[origin], origin)


@dataclass(frozen=True, slots=True)
class Covered:
    """Pairs of a text and a passage, and what the text has of the passage.

    Attributes:
        text, passage: their numbers.
        weight: of the passage's words in runs that the text has too.
        first, last: the first and the last word of such runs, counted over all texts.
    """

    text: Int64[np.ndarray, " P"]
    passage: Int64[np.ndarray, " P"]
    weight: Float64[np.ndarray, " P"]
    first: Int64[np.ndarray, " P"]
    last: Int64[np.ndarray, " P"]


class Runs:
    """The runs of n words of some passages.

    A word weighs 1 / d, where d is how many passages of a set have the rarest run over it; a blank, or a word that no run covers, nothing.

    Args:
        passages: as they are compared.
        sets: [passages] the number of the set that each is of; a run is as rare as in the set that has it most.
        n: words of a run.
        least: so many of them must be no blanks.

    Attributes:
        total: [passages] the weight of all words.
        words: [passages] how many words are no blanks.
    """

    def __init__(self, passages: View, sets: Int64[np.ndarray, " passages"], n: int, least: int) -> None:
        self._n, self._least, self._starts = n, least, passages.starts
        keys, first = self._of(passages)
        often = _often(keys, passages.text_of(first), sets)
        rare = often <= COMMON
        keys, first, often = keys[rare], first[rare], often[rare]
        self._table = Table(keys, first)
        fewest = np.full(len(passages.hashes), np.inf)
        for place in range(n):
            fewest[first + place] = np.minimum(fewest[first + place], often)
        self._running = np.concatenate([[0.0], np.cumsum(passages.counts / fewest)])
        self.total = np.diff(self._running[passages.starts])
        self.words = np.diff(np.concatenate([[0], np.cumsum(passages.counts)])[passages.starts])

    def covered(self, texts: View) -> Covered:
        """What the texts have of the passages; pairs that share no run are left out."""
        keys, first = self._of(texts)
        places, begins = self._table.matches(keys)
        first = first[places]
        text, passage = texts.text_of(first), np.searchsorted(self._starts, begins, "right") - 1
        pair = text * len(self._starts) + passage
        order = np.lexsort((begins, pair))
        pair, begins, first = pair[order], begins[order], first[order]
        new = np.flatnonzero(np.diff(pair, prepend=-1))
        if not len(new):
            none = np.zeros(0, np.int64)
            return Covered(none, none, np.zeros(0), none, none)
        ends = begins + self._n
        before = np.concatenate([[0], ends[:-1]])
        before[new] = 0
        more = self._running[ends] - self._running[np.maximum(begins, before)]
        return Covered(
            text[order][new],
            passage[order][new],
            np.add.reduceat(more, new),
            texts.origin[np.minimum.reduceat(first, new)],
            texts.origin[np.maximum.reduceat(first, new) + self._n - 1],
        )

    def _of(self, texts: View) -> tuple[UInt64[np.ndarray, " R"], Int64[np.ndarray, " R"]]:
        """The hashes of the runs, and the words that they begin with."""
        first = whole(texts.starts, self._n)
        if self._least:
            running = np.concatenate([[0], np.cumsum(texts.counts)])
            first = first[running[first + self._n] - running[first] >= self._least]
        return runs(texts.hashes, self._n)[first], first


def _often(
    keys: UInt64[np.ndarray, " R"], passage: Int64[np.ndarray, " R"], sets: Int64[np.ndarray, " passages"]
) -> Int64[np.ndarray, " R"]:
    """Of each run how many passages of one set have it, in the set where they are most."""
    known, number = np.unique(keys, return_inverse=True)
    width = max(len(sets), 1)
    once = np.sort(number * width + passage)
    once = once[np.diff(once, prepend=-1) > 0]
    of_set, count = np.unique(once // width * (sets.max(initial=0) + 1) + sets[once % width], return_counts=True)
    most = np.zeros(len(known), np.int64)
    np.maximum.at(most, of_set // (sets.max(initial=0) + 1), count)
    return np.asarray(most[number])


_NUMBERS = Table(split([NUMBERS]).hashes, np.zeros(len(NUMBERS.split()), np.int64))
