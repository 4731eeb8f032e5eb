"""How far the words of two sets of texts are apart, against what chance alone would give, and which words one of them lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from potstill.text.hashing import words

LONGEST = 512
"""Words of a text that are counted."""
PERMUTATIONS = 200
"""Ways of dealing the texts anew."""
SURE = 0.05
"""The p value below which sets are said to differ."""
FEWEST = 3
"""In so many texts a word or pair of words must stand to be named as missing."""
MORE = 5.0
"""A word is missing where the other texts have it so many times as often."""


@dataclass(frozen=True, slots=True)
class NGram:
    """A word or a pair of words: how often it stands in either set of texts."""

    text: str
    one: int
    other: int


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far two sets of texts are apart in their words and pairs of words.

    Attributes:
        value: the Jensen-Shannon divergence in bits, from 0 to 1.
        chance: its mean where the texts are dealt to the two sets at random.
        chance_high: what it exceeds there in one of twenty.
        p: the share of random deals, the real one among them, with at least that value.
        missing: what the second set has and the first lacks, what counts most first; nothing where they differ no more than by chance.
    """

    value: float
    chance: float
    chance_high: float
    p: float
    missing: tuple[NGram, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """The n-grams of texts: of each the text it stands in and its number, and the words behind the numbers."""

    rows: Int64[np.ndarray, " G"]
    columns: Int64[np.ndarray, " G"]
    names: tuple[tuple[int, int], ...]
    vocabulary: tuple[str, ...]

    def text(self, column: int) -> str:
        """An n-gram as it is written."""
        first, second = self.names[column]
        return self.vocabulary[first] if second < 0 else f"{self.vocabulary[first]} {self.vocabulary[second]}"


def divergence(one: Sequence[str], other: Sequence[str], seed: int = 0, *, most: int = 12) -> Divergence:
    """How far two sets of texts are apart in their words and pairs of words, as counts.

    With P and Q the shares of the n-grams and M their mean: (KL(P, M) + KL(Q, M)) / 2 (Lin 1991, IEEE Trans. Inf. Theory 37:145). The more
    different words there are and the fewer texts, the larger it is for two halves of one set, so it is told beside what random deals of
    the same texts give (a permutation test).

    Args:
        one: texts, not none.
        other: others, in which what the first lack is looked for.
        seed: of the deals.
        most: n-grams named as missing, at most.
    """
    counted = _count([*one, *other])
    mine = np.arange(len(one) + len(other)) < len(one)
    value = _js(counted, mine)
    rng = np.random.default_rng([seed, len(one), len(other)])
    dealt = np.array([_js(counted, rng.permutation(mine)) for _ in range(PERMUTATIONS)])
    p = (1 + int((dealt >= value).sum())) / (1 + PERMUTATIONS)
    return Divergence(value, float(dealt.mean()), float(np.quantile(dealt, 0.95)), p, _missing(counted, mine, most) if p < SURE else ())


def _count(texts: Sequence[str]) -> _Counted:
    known: dict[str, int] = {}
    rows: list[np.ndarray] = []
    keys: list[np.ndarray] = []
    for row, text in enumerate(texts):
        ids = np.array([known.setdefault(word, len(known)) for word in words(text)[0].words[:LONGEST]], np.int64)
        found = np.concatenate([ids << 32, (ids[:-1] << 32) | (ids[1:] + 1)])
        keys.append(found)
        rows.append(np.full(len(found), row, np.int64))
    different, columns = np.unique(np.concatenate(keys), return_inverse=True)
    names = tuple((key >> 32, (key & 0xFFFFFFFF) - 1) for key in different.tolist())
    return _Counted(np.concatenate(rows), columns.astype(np.int64), names, tuple(known))


def _counts(counted: _Counted, mine: np.ndarray) -> tuple[Float64[np.ndarray, " V"], Float64[np.ndarray, " V"]]:
    """[V] how often each n-gram stands in the texts that are marked, and in the others."""
    size = len(counted.names)
    whole = np.bincount(counted.columns, minlength=size).astype(np.float64)
    one = np.bincount(counted.columns, weights=mine[counted.rows].astype(np.float64), minlength=size)
    return one, whole - one


def _js(counted: _Counted, mine: np.ndarray) -> float:
    one, other = _counts(counted, mine)
    p, q = one / max(one.sum(), 1), other / max(other.sum(), 1)
    return float((_terms(p, (p + q) / 2) + _terms(q, (p + q) / 2)).sum() / 2)


def _terms(p: Float64[np.ndarray, " V"], m: Float64[np.ndarray, " V"]) -> Float64[np.ndarray, " V"]:
    there = p > 0
    found = np.zeros(len(p))
    found[there] = p[there] * np.log2(p[there] / m[there])
    return found


def _missing(counted: _Counted, mine: np.ndarray, most: int) -> tuple[NGram, ...]:
    """What the texts that are not marked have much more often, and in several of them, by what it adds to the divergence."""
    one, other = _counts(counted, mine)
    p, q = one / max(one.sum(), 1), other / max(other.sum(), 1)
    texts = np.unique(np.stack([counted.columns, counted.rows]), axis=1)
    within = np.bincount(texts[0], weights=(~mine[texts[1]]).astype(np.float64), minlength=len(counted.names))
    lacking = np.flatnonzero((q > MORE * p) & (within >= FEWEST))
    order = lacking[np.argsort(-_terms(q, (p + q) / 2)[lacking], kind="stable")]
    named = ((column, counted.text(column)) for column in order.tolist())
    found = [NGram(text, int(one[column]), int(other[column])) for column, text in named if all(word.isalnum() for word in text.split())]
    return tuple(found[:most])
