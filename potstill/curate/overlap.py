"""How much of a known passage stands in a text: by runs of 8 and of 13 words, and by runs of 8 in which numbers and names are blanks.

Many passages are looked for in many texts at once, over arrays of hashes. Runs that several passages of a set share say little of any of
them, so a word weighs 1 / d, where d is how many passages of its set have the rarest run over it.

| statistic  | score                                                                                                  |
|------------|--------------------------------------------------------------------------------------------------------|
| `same`     | 1: the text is the passage, word by word                                                               |
| `short`    | n / 8, for a passage of 4 to 7 words that stands whole in a longer text                                |
| `words`    | the weight of the passage's words in runs of 8 that the text has too, over the weight of all its words |
| `run`      | w / (w + 13), with w the weight of its words in runs of 13 that the text has too                       |
| `template` | the weight of its words in runs of 8 around blanks that the text has too, over the number of its words |

Blanks are words that begin with a digit or a capital, and number words; blanks in a row are one, and have no weight. Passages with fewer
than 8 other words have no template, and those that are fewer than 8 words in all are looked for in what is asked alone. Brown et al. 2020
(arXiv 2005.14165, appendix C) count any shared run of 13 words; the share of the passage tells a quotation from a phrase in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64

from potstill.curate.runs import Covered, Runs, Table, as_written, with_blanks
from potstill.text.shingles import Words, fingerprints, runs, split, whole

VERSION = 1
Statistic = Literal["same", "words", "template", "run", "short"]
STATISTICS: tuple[Statistic, ...] = ("same", "words", "template", "run", "short")
"""Of equal scores the first one's is told."""
SHORT, LONG = 8, 13
"""Words of the runs."""
LEAST = 4
"""Words of the shortest passage that is looked for in longer texts."""
CONTENT = 6
"""So many words of a run of 8 are no blanks."""
TOGETHER = 1024
"""Texts that are looked through at a time."""


@dataclass(frozen=True, slots=True)
class Found:
    """The passage that a text has most of.

    Attributes:
        score: in (0, 1].
        passage: its number.
        statistic: by which the score is the highest.
        first, last: the first and the last word of the text that are the passage's.
    """

    score: float
    passage: int
    statistic: Statistic
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Hits:
    """Pairs of a text and a passage with a score by one statistic."""

    statistic: Statistic
    text: Int64[np.ndarray, " H"]
    passage: Int64[np.ndarray, " H"]
    score: Float64[np.ndarray, " H"]
    first: Int64[np.ndarray, " H"]
    last: Int64[np.ndarray, " H"]


class Passages:
    """Passages that are looked for.

    Args:
        texts: the passages.
        sets: the number of the set that each comes from; a run is as rare as in the set that has it most.
        templates: whether they are looked for with blanks as well.
    """

    def __init__(self, texts: Sequence[str], sets: Sequence[int], *, templates: bool = True) -> None:
        words, of = split(texts), np.asarray(sets, np.int64)
        lengths = np.diff(words.starts)
        self._lengths = lengths
        some = np.flatnonzero(lengths)
        self._same = Table(fingerprints(words)[some], some)
        self._short = {n: _table(words, np.flatnonzero(lengths == n), n) for n in range(LEAST, SHORT)}
        self._words, self._run = (Runs(as_written(words), of, n, 0) for n in (SHORT, LONG))
        self._template = Runs(with_blanks(words), of, SHORT, CONTENT) if templates else None

    def find(self, texts: Sequence[str], asked: Bool[np.ndarray, " texts"]) -> list[Found | None]:
        """The passage that each text has most of; None where it has nothing of any.

        Args:
            texts: where they are looked for.
            asked: whether the text is what is asked; passages of fewer than 8 words are looked for in those alone.
        """
        found: list[Found | None] = []
        for start in range(0, len(texts), TOGETHER):
            found += self._find(texts[start : start + TOGETHER], asked[start : start + TOGETHER])
        return found

    def _find(self, texts: Sequence[str], asked: Bool[np.ndarray, " texts"]) -> list[Found | None]:
        words = split(texts)
        best: list[Found | None] = [None] * len(texts)
        hits = [one for one in self._hits(words, asked) if len(one.text)]
        if not hits:
            return best
        text, passage, score, first, last = (
            np.concatenate([getattr(one, name) for one in hits]) for name in ("text", "passage", "score", "first", "last")
        )
        statistic = np.concatenate([np.full(len(one.text), STATISTICS.index(one.statistic)) for one in hits])
        order = np.lexsort((passage, statistic, -score, text))
        order = order[np.diff(text[order], prepend=-1) > 0]
        order = order[score[order] > 0]
        begins = words.starts[text[order]]
        columns = (score[order], passage[order], statistic[order], first[order] - begins, last[order] - begins)
        for place, *row in zip(text[order].tolist(), *(column.tolist() for column in columns), strict=True):
            best[place] = Found(row[0], row[1], STATISTICS[row[2]], row[3], row[4])
        return best

    def _hits(self, words: Words, asked: Bool[np.ndarray, " texts"]) -> Iterator[_Hits]:
        yield self._equal(words, asked)
        for n, table in self._short.items():
            yield _standing(table, words, asked, n)
        view = as_written(words)
        shared = self._words.covered(view)
        yield _hits("words", shared, _share(shared, self._words.total))
        if len(shared.text):
            long = self._run.covered(view)
            yield _hits("run", long, long.weight / (long.weight + LONG))
        if self._template is not None:
            blank = self._template.covered(with_blanks(words))
            counted = np.where(self._template.words >= SHORT, self._template.words, np.inf)
            yield _hits("template", blank, _share(blank, counted))

    def _equal(self, words: Words, asked: Bool[np.ndarray, " texts"]) -> _Hits:
        text, passage = self._same.matches(fingerprints(words))
        meant = asked[text] | (self._lengths[passage] >= SHORT)
        text, passage = text[meant], passage[meant]
        return _Hits("same", text, passage, np.ones(len(text)), words.starts[text], words.starts[text + 1] - 1)


def _share(covered: Covered, total: np.ndarray) -> Float64[np.ndarray, " H"]:
    return np.asarray(covered.weight / total[covered.passage])


def _hits(statistic: Statistic, covered: Covered, score: Float64[np.ndarray, " H"]) -> _Hits:
    return _Hits(statistic, covered.text, covered.passage, np.minimum(score, 1.0), covered.first, covered.last)


def _table(words: Words, passages: Int64[np.ndarray, " some"], n: int) -> Table:
    """From the run that is the whole passage to the passage, for passages of n words."""
    return Table(runs(words.hashes, n)[words.starts[passages]], passages)


def _standing(table: Table, words: Words, asked: Bool[np.ndarray, " texts"], n: int) -> _Hits:
    """Where passages of n words stand whole."""
    first = whole(words.starts, n) if len(table.keys) else np.zeros(0, np.int64)
    places, passage = table.matches(runs(words.hashes, n)[first]) if len(first) else (first, first)
    first = first[places]
    text = np.searchsorted(words.starts, first, "right") - 1
    meant = asked[text]
    return _Hits("short", text[meant], passage[meant], np.full(meant.sum(), n / SHORT), first[meant], first[meant] + n - 1)
