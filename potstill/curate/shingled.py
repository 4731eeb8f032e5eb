"""Rows of texts as sets of shingles, runs of words, and how alike two such sets are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt32, UInt64

from potstill.text.shingles import runs, split, sums, whole

_SHIFT, _ONE, _LOW = np.uint64(32), np.uint64(1), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Shingled:
    """The shingles of some rows, one row behind the other.

    Attributes:
        hashes: of each shingle; the lowest bit tells which of a row's two texts it is of.
        starts: where each row's begin, and where the last one's end.
        keys: [rows] the same for rows that have the same shingles.
    """

    hashes: UInt32[np.ndarray, " S"]
    starts: Int64[np.ndarray, " rows_and_one"]
    keys: UInt64[np.ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Int64[np.ndarray, " M"]) -> Shingled:
        """Those rows, in that order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Shingled(self.hashes[places], starts, self.keys[rows])


def shingled(texts: Sequence[str], shingle: int, others: Sequence[str] | None = None) -> Shingled:
    """The shingles of each row: of its text, and of its other text where there are two.

    A text of fewer words than a shingle is one shingle: it is like those that say just the same.
    """
    each = [_shingles(some, shingle) for some in (texts, others) if some is not None]
    hashes = np.concatenate([(part >> _ONE << _ONE) + np.uint64(i) for i, (part, _) in enumerate(each)])
    row = np.concatenate([row for _, row in each])
    order = np.argsort(row, kind="stable")
    hashes, starts = hashes[order], np.searchsorted(row[order], np.arange(len(texts) + 1))
    squares = hashes * (hashes | _ONE)
    return Shingled((hashes & _LOW).astype(np.uint32), starts, sums(squares ^ (squares >> np.uint64(29)), starts))


def joined(parts: Sequence[Shingled]) -> Shingled:
    """The rows of all parts, one part behind the other."""
    parts = [Shingled(np.zeros(0, np.uint32), np.zeros(1, np.int64), np.zeros(0, np.uint64)), *parts]
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    return Shingled(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate([part.keys for part in parts]),
    )


def as_sets(rows: Shingled) -> Shingled:
    """The rows with each shingle once, in order."""
    row = np.repeat(np.arange(len(rows), dtype=np.uint64), np.diff(rows.starts))
    keys = np.sort((row << _SHIFT) | rows.hashes)
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    starts = np.searchsorted(keys, np.arange(len(rows) + 1, dtype=np.uint64) << _SHIFT)
    return Shingled(keys.astype(np.uint32), starts, rows.keys)


def jaccard(ones: Shingled, others: Shingled) -> Float64[np.ndarray, " rows"]:
    """The similarity of each row to the same row of the others: shingles in both over shingles in either, of two texts the lesser.

    Where neither has a shingle of a text, they are alike in it.

    Args:
        ones: rows with each shingle once.
        others: as many more.
    """
    count = len(ones)
    row = np.concatenate([np.repeat(np.arange(count, dtype=np.uint64), np.diff(rows.starts)) for rows in (ones, others)])
    every = np.sort((row << _SHIFT) | np.concatenate([ones.hashes, others.hashes]))
    shared = every[1:][every[1:] == every[:-1]]
    found = np.ones(count)
    for text in range(2):
        all_, both = (_counted(some, count, text) for some in (every, shared))
        found = np.minimum(found, np.where(all_ > 0, both / np.maximum(all_ - both, 1), 1.0))
    return found


def _counted(keys: UInt64[np.ndarray, " K"], count: int, text: int) -> Int64[np.ndarray, " rows"]:
    """How many shingles of that text each row has among these."""
    return np.bincount((keys[(keys & np.uint64(1)) == text] >> _SHIFT).astype(np.int64), minlength=count)


def _shingles(texts: Sequence[str], shingle: int) -> tuple[UInt64[np.ndarray, " S"], Int64[np.ndarray, " S"]]:
    """The shingles of all texts, and the text of each."""
    words = split(texts)
    lengths = np.diff(words.starts)
    first = whole(words.starts, shingle)
    found = [runs(words.hashes, shingle)[first]]
    rows = [np.asarray(np.searchsorted(words.starts, first, "right") - 1, np.int64)]
    for n in range(1, shingle):
        some = np.flatnonzero(lengths == n)
        if len(some):
            found.append(runs(words.hashes, n)[words.starts[some]])
            rows.append(some)
    return np.concatenate(found), np.concatenate(rows)
