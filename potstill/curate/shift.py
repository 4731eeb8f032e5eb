"""Shift: how the prompts that are trained on differ from those that are asked in use, and what to do about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.ngrams import SURE, Divergence, divergence
from potstill.curate.strata import COLUMNS, NONE, lengths, strata, texts
from potstill.curate.two_samples import TwoSamples, two_samples
from potstill.judges.shares import Estimate, wilson
from potstill.types import content_id

VERSION = "1"
"""Raised when the same prompts would be compared otherwise."""
COMPARED = ("domain", "intent", "language", "length")
"""The labels whose shares are compared."""
TAKEN = 2000
"""Texts of either set whose words are compared, at most."""
SMALL = 0.02
"""Differences of shares below it are not advised on."""
NAMED = 4
"""Labels of a kind that advice is given on, at most."""
MOST_WANTED = 0.95
"""The largest share of training that is advised: nothing that is added to others brings a kind to all of them."""
SHIFT = pa.schema(
    [
        ("kind", pa.string()),
        ("value", pa.string()),
        ("training", pa.int64()),
        ("wild", pa.int64()),
        ("share_training", pa.float64()),
        ("share_wild", pa.float64()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
"""A row a label (`kind` is its name) with its counts and shares, the wild share less that of training and the difference's 95% interval,
and a row an n-gram that is missing (`kind` is `ngram`; shares are null)."""


@dataclass(frozen=True)
class Shift:
    """How two sets of prompts differ.

    Attributes:
        table: with the columns of `SHIFT`.
        words: of their words; None where either has none.
        told_apart: by a classifier; None where there are too few.
        unlabelled: labels that cannot be compared, as too few prompts have them.
        medians: words of a prompt, of training and of wild.
        training: how many prompts are drawn.
        wild: how many there are in the sample.
    """

    table: pa.Table
    words: Divergence | None
    told_apart: TwoSamples | None
    unlabelled: tuple[str, ...]
    medians: tuple[float, float]
    training: int
    wild: int

    def summary(self) -> dict[str, Any]:
        """The few numbers of it, and the advice."""
        words = None if self.words is None else {key: value for key, value in asdict(self.words).items() if key != "missing"}
        apart = None if self.told_apart is None else asdict(self.told_apart)
        counts = {"training": self.training, "wild": self.wild, "median_words": list(self.medians), "unlabelled": list(self.unlabelled)}
        return {**counts, "words": words, "told_apart": apart, "advice": self.advice(), "more": self.more()}

    def more(self) -> dict[str, int]:
        """Domain -> how many prompts more of it would bring it to its share of the wild sample, of those that are clearly fewer."""
        return {row["value"]: _more(row, self.training) for row in self._clear("domain") if row["difference"] > 0}

    def _clear(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind of label whose shares clearly differ, the largest difference first."""
        rows = self.table.filter(pc.equal(self.table["kind"], kind)).to_pylist()
        return [row for row in rows if abs(row["difference"]) >= SMALL and row["low"] * row["high"] > 0]

    def advice(self) -> list[str]:
        """What was found and what to do about it, a sentence each."""
        found = [_apart(self.told_apart), *_word_line(self.words)]
        for kind in COMPARED:
            found += [_label_line(row, self.training) for row in self._clear(kind)[:NAMED]]
        missing = self.table.filter(pc.equal(self.table["kind"], "ngram"))["value"].to_pylist()
        if missing:
            found.append(f"frequent in the wild sample and rare or absent in training: {', '.join(repr(text) for text in missing)}")
        if self.unlabelled:
            found.append(f"not compared, for want of labels: {', '.join(self.unlabelled)}; give the wild sample these columns to see more")
        return found


def shift(training: pa.Table, wild: pa.Table, seed: int = 0, times: np.ndarray | None = None) -> Shift:
    """How the prompts that are trained on differ from those that are asked in use.

    Args:
        training: a table of prompts with the columns of `strata.COLUMNS`, not empty.
        wild: another.
        seed: which texts are compared, where there are many.
        times: how often each prompt of training is drawn, which the shares of labels go by; None: once. Words do not go by it.
    """
    times = np.ones(len(training), np.int64) if times is None else times
    both = pa.concat_tables([training.select(COLUMNS), wild.select(COLUMNS)]).combine_chunks()
    rows: list[dict[str, Any]] = []
    unlabelled: list[str] = []
    for kind in COMPARED:
        labels = strata(both, [kind])
        drawn = np.repeat(np.array(labels[: len(training)], object), times).tolist()
        found = _shares(kind, drawn, labels[len(training) :])
        if found is None:
            unlabelled.append(kind)
        else:
            rows += found
    asked, met = _sample(training, seed), _sample(wild, seed)
    words = divergence(asked, met, seed) if any(asked) and any(met) else None
    for gram in words.missing if words else ():
        rows.append({"kind": "ngram", "value": gram.text, "training": gram.one, "wild": gram.other})
    sizes = lengths(both)
    medians = (float(np.median(sizes[: len(training)])), float(np.median(sizes[len(training) :])))
    table = pa.Table.from_pylist(rows, SHIFT)
    return Shift(table, words, two_samples(asked, met, seed), tuple(unlabelled), medians, int(times.sum()), len(wild))


def difference(one: int, of_one: int, other: int, of_other: int) -> Estimate:
    """The second share less the first with its 95% interval from the two Wilson intervals (Newcombe 1998, Stat. Med. 17:873, method 10).

    With shares p, q and their intervals [l, u] and [m, v]: q - p - sqrt((q - m)^2 + (u - p)^2) to q - p + sqrt((v - q)^2 + (p - l)^2).

    Args:
        one: successes of the first.
        of_one: its trials, not none.
        other: successes of the second.
        of_other: its trials.
    """
    first, second = wilson(one, of_one), wilson(other, of_other)
    p, low_p, high_p = (float(x or 0.0) for x in (first.value, first.low, first.high))
    q, low_q, high_q = (float(x or 0.0) for x in (second.value, second.low, second.high))
    return Estimate(q - p, q - p - math.hypot(q - low_q, high_p - p), q - p + math.hypot(high_q - q, p - low_p))


def _shares(kind: str, training: Sequence[str], wild: Sequence[str]) -> list[dict[str, Any]] | None:
    """A row a label, the largest difference first; None where half of either set or more has none."""
    asked, met = Counter(training), Counter(wild)
    if 2 * asked[NONE] >= len(training) or 2 * met[NONE] >= len(wild):
        return None
    rows = []
    for value in sorted({*asked, *met}):
        apart = difference(asked[value], len(training), met[value], len(wild))
        shares = {"share_training": asked[value] / len(training), "share_wild": met[value] / len(wild)}
        counts = {"training": asked[value], "wild": met[value]}
        rows.append({"kind": kind, "value": value, **counts, **shares, "difference": apart.value, "low": apart.low, "high": apart.high})
    return sorted(rows, key=lambda row: -abs(float(row["difference"])))


def _sample(prompts: pa.Table, seed: int) -> list[str]:
    """What some prompts say: all turns of users, or the plain text. Which are taken follows from the seed and their ids."""
    ids = prompts["id"].to_pylist()
    places = sorted(range(len(ids)), key=lambda place: content_id([seed, ids[place]]))[:TAKEN]
    return texts(prompts.take(pa.array(places)))


def _apart(found: TwoSamples | None) -> str:
    if found is None:
        return "too few prompts for a classifier to tell whether the two differ"
    share, n, p = 100 * (found.accuracy.value or 0.0), found.n, _p(found.p)
    if found.p < SURE:
        return f"they differ: a classifier tells training and wild prompts apart in {share:.0f}% of {n} (chance 50%, {p})"
    return f"a classifier does not tell training and wild prompts apart: right in {share:.0f}% of {n} (chance 50%, {p})"


def _word_line(found: Divergence | None) -> list[str]:
    if found is None:
        return []
    how = "more than chance" if found.p < SURE else "no more than chance"
    return [f"their words are {found.value:.3f} bits apart, {how} (random deals give {found.chance:.3f}, {_p(found.p)})"]


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _label_line(row: dict[str, Any], training: int) -> str:
    shares = f"{100 * row['share_wild']:.1f}% of the wild sample and {100 * row['share_training']:.1f}% of training"
    line = f"{row['kind']} {row['value']!r} is {shares} ({100 * row['difference']:+.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}])"
    if row["difference"] < 0:
        return f"{line}: more is trained on than is asked; a target of prompts.balance lowers it"
    there = "there" if row["share_wild"] <= MOST_WANTED else f"to {MOST_WANTED:.0%}"
    return f"{line}: about {_more(row, training):,} more prompts of it would bring it {there}"


def _more(row: dict[str, Any], training: int) -> int:
    """How many prompts of a kind, added to those of training, bring it to its share of the wild sample, or to `MOST_WANTED`."""
    share = min(float(row["share_wild"]), MOST_WANTED)
    return math.ceil((share * training - int(row["training"])) / (1 - share))
