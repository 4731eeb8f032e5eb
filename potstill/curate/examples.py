"""What a domain is, told by examples: a classifier trained on them, held against those that it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from potstill.errors import InputError
from potstill.text.folding import fold
from potstill.text.hashing import Features
from potstill.text.linear import TextClassifier
from potstill.text.pieces import SHORT, pieces
from potstill.types import content_id

VERSION = "1"
"""Raised when the same examples would give another classifier."""
IN, OUT = "in", "out"
FOLDS = 5
FEWEST = 20
"""Examples of either kind that are needed."""
FEATURES = Features(words=(1, 2, 3), characters=(3, 4, 5))


@dataclass(frozen=True)
class Examples:
    """Texts of a domain, and texts that are not of it.

    Attributes:
        inside, outside: the texts.
        groups: of all of them, `inside` first: what is of one group (a family, a file) is never both learnt and held out.
    """

    inside: tuple[str, ...]
    outside: tuple[str, ...]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a classifier makes of examples that it did not see.

    Attributes:
        precision, recall: at the threshold; None where nothing was found, or there was nothing to find.
        inside, outside: how many examples.
    """

    precision: float | None
    recall: float | None
    inside: int
    outside: int


@dataclass(frozen=True)
class Domain:
    """A trained classifier of one domain.

    Attributes:
        classifier: of the two labels `in` and `out`.
        bar: the log-odds from which on a text counts as of the domain: where F1 was highest on held-out examples.
        held_out: the figures there, by cross-validation.
        piece: characters of the pieces that are looked at beside a whole text.
    """

    classifier: TextClassifier
    bar: float
    held_out: Measured
    piece: int = SHORT

    def scores(self, texts: Sequence[str]) -> list[float]:
        """How much each text is of the domain, in [0, 1]: its probability, moved so that the bar is at 0.5."""
        return [float(score) for score in 1 / (1 + np.exp(-(_log_odds(self.classifier, texts) - self.bar)))]

    def evidence(self, text: str) -> tuple[int, int] | None:
        """The span of a text that speaks most for the domain; None where nothing does."""
        folded = fold(text)
        spans = self.classifier.evidence(folded.text, IN, most=1)
        return folded.span(spans[0].start, spans[0].end) if spans else None

    def told(self) -> dict[str, Any]:
        """The figures for logs and manifests."""
        held = self.held_out
        return {"held_out_precision": held.precision, "held_out_recall": held.recall, "inside": held.inside, "outside": held.outside}


@lru_cache(maxsize=8)
def learn(examples: Examples) -> Domain:
    """The classifier of these examples; the same again for the same examples.

    What is of the domain is learnt whole; what is not, also in pieces, for no part of it is of the domain either. Each fifth of the groups
    is judged by a classifier of the others, a text by the highest of its pieces, and the bar is where F1 over all of them is highest: with
    families as groups it is where families that were not seen are found best.

    Raises:
        InputError: there are too few examples of a kind.
    """
    for name, some in (("examples", examples.inside), ("counterexamples", examples.outside)):
        if len(some) < FEWEST:
            raise InputError(f"{len(some)} {name} are too few to learn a domain from", where=name, fix=f"give at least {FEWEST}")
    texts = [fold(text).text for text in (*examples.inside, *examples.outside)]
    inside = np.arange(len(texts)) < len(examples.inside)
    odds = _held_out(texts, inside, _folds(examples))
    bar = best_bar(odds, inside)
    return Domain(_fit(texts, inside), bar, measured(odds >= bar, inside))


def best_bar(odds: np.ndarray, inside: np.ndarray) -> float:
    """The threshold with the highest F1, 2 TP / (2 TP + FP + FN), midway between the two neighbouring values; of equals the middle one."""
    values = np.unique(odds)
    cuts = np.concatenate([[values[0] - 1.0], (values[1:] + values[:-1]) / 2])
    order = np.sort(odds[inside]), np.sort(odds[~inside])
    found = len(order[0]) - np.searchsorted(order[0], cuts)
    wrong = len(order[1]) - np.searchsorted(order[1], cuts)
    f1 = 2 * found / (found + wrong + len(order[0]))
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(cuts[best[len(best) // 2]])


def measured(caught: np.ndarray, inside: np.ndarray) -> Measured:
    """Precision and recall of what was caught."""
    both, all_caught, all_inside = int((caught & inside).sum()), int(caught.sum()), int(inside.sum())
    precision, recall = both / all_caught if all_caught else None, both / all_inside if all_inside else None
    return Measured(precision, recall, all_inside, int((~inside).sum()))


def _folds(examples: Examples) -> np.ndarray:
    """Each example's fold: by its group, or where its side has but one, by its text."""
    count = len(examples.inside)
    groups = examples.groups or (*examples.inside, *examples.outside)
    sides = ((examples.inside, groups[:count]), (examples.outside, groups[count:]))
    return np.concatenate([_folds_of(texts if len(set(some)) == 1 else some) for texts, some in sides])


def _folds_of(keys: Sequence[str]) -> np.ndarray:
    places = {key: place % FOLDS for place, key in enumerate(sorted(set(keys), key=content_id))}
    return np.array([places[key] for key in keys])


def _held_out(texts: Sequence[str], inside: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """The log-odds of each text by a classifier that did not see its fold."""
    odds = np.zeros(len(texts))
    for fold_ in range(FOLDS):
        mine = folds == fold_
        if mine.any() and len(set(inside[~mine].tolist())) == 2:
            odds[mine] = _highest(_fit(_of(texts, ~mine), inside[~mine]), _of(texts, mine))
    return odds


def _of(texts: Sequence[str], chosen: np.ndarray) -> list[str]:
    return [text for text, one in zip(texts, chosen, strict=True) if one]


def _fit(texts: Sequence[str], inside: np.ndarray) -> TextClassifier:
    parts = [[text] if one else [text[start:end] for start, end in pieces(text)] for text, one in zip(texts, inside, strict=True)]
    labels = [IN if one else OUT for some, one in zip(parts, inside, strict=True) for _ in some]
    weights = [1 / len(some) for some in parts for _ in some]
    return TextClassifier.fit([one for some in parts for one in some], labels, features=FEATURES, folds=0, weights=weights)


def _highest(classifier: TextClassifier, texts: Sequence[str]) -> np.ndarray:
    """The highest log-odds over each text's pieces."""
    spans = [pieces(text) for text in texts]
    odds = _log_odds(classifier, [text[start:end] for text, some in zip(texts, spans, strict=True) for start, end in some], folded=True)
    return np.maximum.reduceat(odds, np.cumsum([0, *(len(some) for some in spans[:-1])]))


def _log_odds(classifier: TextClassifier, texts: Sequence[str], *, folded: bool = False) -> np.ndarray:
    logits = classifier.logits(list(texts) if folded else [fold(text).text for text in texts])
    return np.asarray(logits[:, classifier.labels.index(IN)] - logits[:, classifier.labels.index(OUT)])
