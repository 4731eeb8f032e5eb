"""Near duplicates among many texts: MinHash and bands find pairs that may be alike, and counting their shingles says how alike they are.

Broder 1997 (the share of equal minima estimates the Jaccard similarity) and Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
chapter 3 (bands: a pair of similarity s shares one of b bands of r minima with probability 1 - (1 - s^r)^b). The minima, and which rows
share a band, come from rensa; the pairs, and the similarity of each, are counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, UInt32, UInt64

from potstill.curate.shingled import Shingled, as_sets, jaccard, shingled
from potstill.errors import MissingExtraError

VERSION = 1
SEED = 42
"""Of the permutations: always the same, so that the same texts have the same pairs."""
FOUND = 0.95
"""Pairs at the floor are found with this probability at least, those above it with a higher one."""
PARTNERS = 16
"""In each band a row is paired with so many of those that share it, the first ones in the order of the rows."""
COUNTED = 8
"""Of the pairs of a row with rows before it so many are counted out, those with the highest estimates."""
SLACK = 0.15
"""Pairs whose estimated similarity is this far below the floor are not counted out."""
ROWS, PAIRS = 4096, 8192
"""So many are turned into arrays, or counted, at a time."""


@dataclass(frozen=True, slots=True)
class Sketches:
    """How texts are compared.

    Attributes:
        shingle: words of a shingle.
        permutations: minima of a row.
        floor: less alike pairs are not looked for.
    """

    shingle: int = 3
    permutations: int = 128
    floor: float = 0.6

    @property
    def band(self) -> int:
        """Minima of a band: as many as leave pairs at the floor findable; they divide the permutations."""
        sizes = [r for r in range(1, self.permutations + 1) if self.permutations % r == 0]
        return max((r for r in sizes if 1 - (1 - self.floor**r) ** (self.permutations // r) >= FOUND), default=1)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows that are alike.

    Attributes:
        first, second: the rows; `first` comes before `second`.
        similarity: the Jaccard similarity of their shingles; of rows of two texts the lesser one.
    """

    first: Int64[np.ndarray, " P"]
    second: Int64[np.ndarray, " P"]
    similarity: Float64[np.ndarray, " P"]


def alike(rows: Shingled, sketches: Sketches) -> Pairs:
    """The pairs of rows whose similarity is at least the floor.

    The work grows with the rows and not with the square of a cluster: rows with the same shingles are each paired with the first of them,
    and of many that share a band each is paired with the first `PARTNERS`, of which the `COUNTED` most promising ones are counted out. So
    a row in a large cluster is paired with some of those that it is like, not with all.

    Raises:
        MissingExtraError: rensa is not installed.
    """
    same = _same(rows.keys)
    once = np.setdiff1d(np.arange(len(rows)), same.second)
    near = _alike(rows.take(once), sketches)
    return together([same, Pairs(once[near.first], once[near.second], near.similarity)])


def together(some: Sequence[Pairs]) -> Pairs:
    """The pairs of all, one behind the other."""
    return Pairs(*(np.concatenate([getattr(one, name) for one in some]) for name in ("first", "second", "similarity")))


def nearest(pairs: Pairs, count: int) -> tuple[Float64[np.ndarray, " rows"], Int64[np.ndarray, " rows"]]:
    """Of each row the highest similarity to one before it, and that row: the first of equals; 0 and -1 where there is none."""
    order = np.lexsort((pairs.first, -pairs.similarity, pairs.second))
    order = order[np.diff(pairs.second[order], prepend=-1) > 0]
    similarity, partner = np.zeros(count), np.full(count, -1)
    similarity[pairs.second[order]] = pairs.similarity[order]
    partner[pairs.second[order]] = pairs.first[order]
    return similarity, partner


def clusters(pairs: Pairs, count: int) -> Int64[np.ndarray, " rows"]:
    """Of each row the first row of its cluster: pairs, and what hangs together by them."""
    root = list(range(count))

    def find(row: int) -> int:
        while root[row] != row:
            root[row] = row = root[root[row]]
        return row

    for one, other in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        a, b = find(one), find(other)
        root[max(a, b)] = min(a, b)
    return np.array([find(row) for row in range(count)], np.int64)


def families(
    texts: Sequence[str],
    ids: Sequence[str],
    *,
    kin: Sequence[str] | None = None,
    threshold: float = 0.8,
    shingle: int = 3,
    permutations: int = 128,
) -> list[str]:
    """Of each text the id of its family: what is split into training and evaluation goes to one side by family.

    Texts are of one family if they are alike or kin, or if both are of one with a third. Families depend on the texts as a set and not on
    their order.

    Args:
        texts: what is compared.
        ids: of each text.
        kin: of each text what it belongs to; those of one are of one family, whatever they say. None: they are told by what they say.
        threshold: the Jaccard similarity of their shingles from which on two texts are alike.
        shingle: words of a shingle.
        permutations: minima by which pairs are found.

    Returns:
        [texts] the id that sorts first in the family; the text's own where it is like no other.

    Raises:
        MissingExtraError: rensa is not installed.
    """
    order = sorted(range(len(ids)), key=lambda place: (ids[place], texts[place]))
    rows = shingled([texts[place] for place in order], shingle)
    pairs = [alike(rows, Sketches(shingle, permutations, threshold))]
    if kin is not None:
        pairs.append(_same([kin[place] for place in order]))
    heads = clusters(together(pairs), len(rows))
    found = {place: ids[order[head]] for place, head in zip(order, heads.tolist(), strict=True)}
    return [found[place] for place in range(len(ids))]


def library() -> str:
    """The version of rensa, on which the pairs that are found depend.

    Raises:
        MissingExtraError: it is not installed.
    """
    _rensa()
    return metadata.version("rensa")


def _rensa() -> Any:
    try:
        return import_module("rensa")
    except ImportError:
        raise MissingExtraError.of("rensa", "curate", "finding near duplicates") from None


def _alike(rows: Shingled, sketches: Sketches) -> Pairs:
    rensa, bands = _rensa(), sketches.permutations // sketches.band
    if not len(rows):
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    lsh = rensa.RMinHashLSH(sketches.floor, sketches.permutations, bands)
    shared = np.flatnonzero(lsh.query_duplicate_flags_matrix_one_shot(_minima(rensa, rows, sketches)))
    some = rows.take(shared)
    minima = np.concatenate(
        [
            np.array(_minima(rensa, some.take(np.arange(start, min(start + ROWS, len(some)))), sketches).to_rows(), np.uint32)
            for start in range(0, len(some), ROWS)
        ]
        or [np.zeros((0, sketches.permutations), np.uint32)]
    )
    first, second = _promising(*_candidates(minima, sketches.band), minima, sketches.floor - SLACK)
    sets = as_sets(some)
    chunks = [slice(start, start + PAIRS) for start in range(0, len(first), PAIRS)]
    similarity = np.concatenate([np.zeros(0), *(jaccard(sets.take(first[chunk]), sets.take(second[chunk])) for chunk in chunks)])
    kept = similarity >= sketches.floor
    return Pairs(shared[first[kept]], shared[second[kept]], similarity[kept])


def _same(keys: np.ndarray | Sequence[str]) -> Pairs:
    """Each row whose key came before, with the first of that key."""
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[number] != np.arange(len(number)))
    return Pairs(first[number][again], again, np.ones(len(again)))


def _minima(rensa: Any, rows: Shingled, sketches: Sketches) -> Any:
    hashes, starts = rows.hashes.astype(np.uint64), rows.starts.astype(np.uint64)
    return rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts, sketches.permutations, SEED)


def _candidates(minima: UInt32[np.ndarray, "rows permutations"], band: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows that share a band, each once, in order."""
    count = len(minima)
    pairs = np.zeros(0, np.int64)
    for start in range(0, minima.shape[1], band):
        key = np.zeros(count, np.uint64)
        for column in range(start, start + band):
            key = (key ^ minima[:, column]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        pairs = np.sort(np.concatenate([pairs, _sharing(key, count)]))
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    return pairs // max(count, 1), pairs % max(count, 1)


def _sharing(key: UInt64[np.ndarray, " rows"], count: int) -> Int64[np.ndarray, " P"]:
    """Pairs of rows with the same key, of each row with the first ones, as first * count + second."""
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], key[order][1:] != key[order][:-1]])) if count else np.zeros(0, np.int64)
    group = np.repeat(begins, np.diff(np.append(begins, count)))
    found = []
    for place in range(PARTNERS):
        later = np.flatnonzero(np.arange(count) > group + place)
        found.append(order[group[later] + place] * count + order[later])
    return np.concatenate(found)


def _promising(first: np.ndarray, second: np.ndarray, minima: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each second row the pairs with the highest estimates, as far as these are not below the least."""
    estimate = np.zeros(len(first))
    for start in range(0, len(first), PAIRS):
        some = slice(start, start + PAIRS)
        estimate[some] = (minima[first[some]] == minima[second[some]]).mean(1)
    order = np.lexsort((first, -estimate, second))
    place = np.arange(len(order))
    begins = np.maximum.accumulate(np.where(np.diff(second[order], prepend=-1) > 0, place, 0))
    order = order[(place - begins < COUNTED) & (estimate[order] >= least)]
    return first[order], second[order]
