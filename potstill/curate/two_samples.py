"""Can a classifier tell two sets of texts apart? If it can, they come of different distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import xxhash
from jaxtyping import Float64

from potstill.judges.shares import Estimate, wilson
from potstill.text.linear import TextClassifier

LEAST, MOST = 20, 1000
"""Texts of each set that the test needs, and takes at most."""
ONE, OTHER = "one", "other"


@dataclass(frozen=True, slots=True)
class TwoSamples:
    """What the test found.

    Attributes:
        accuracy: how often the classifier names the set of a text that it was not trained on; 0.5 is chance.
        auc: how often it finds a text of the second set likelier to be of it than one of the first.
        n: texts it was tested on, half of either set.
        p: the probability of that many right by chance.
    """

    accuracy: Estimate
    auc: float
    n: int
    p: float


def two_samples(one: Sequence[str], other: Sequence[str], seed: int = 0) -> TwoSamples | None:
    """The classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv 1610.06545).

    As many texts of either set; a text classifier is trained on half of them and judges the other half. Were both sets of one distribution,
    it would be right with probability 1/2 on each of those, so that the p value is exact: that of the binomial distribution.

    Args:
        one: texts.
        other: those of the second set.
        seed: which texts are taken, and which are trained on; their order does not matter.

    Returns:
        None where there are too few to tell (`LEAST`).
    """
    size = min(len(one), len(other), MOST) // 2 * 2
    if size < LEAST:
        return None
    taken = [_shuffled(texts, seed)[:size] for texts in (one, other)]
    labels = [ONE] * (size // 2) + [OTHER] * (size // 2)
    learnt = [text for texts in taken for text in texts[: size // 2]]
    tested = [text for texts in taken for text in texts[size // 2 :]]
    scores = TextClassifier.fit(learnt, labels, folds=0).probabilities(tested)[:, 1]
    right = int((scores[: size // 2] < 0.5).sum() + (scores[size // 2 :] > 0.5).sum())
    return TwoSamples(wilson(right, size), _auc(scores[: size // 2], scores[size // 2 :]), size, _at_least(right, size))


def _shuffled(texts: Sequence[str], seed: int) -> list[str]:
    """The texts in an order that follows from the seed and what they say."""
    return sorted(texts, key=lambda text: (xxhash.xxh3_64_intdigest(f"{seed}/{text}".encode("utf-8", "surrogatepass")), text))


def _auc(one: Float64[np.ndarray, " N"], other: Float64[np.ndarray, " M"]) -> float:
    """How often a score of the second set is above one of the first, ties counting half."""
    ordered = np.sort(one)
    below, up_to = np.searchsorted(ordered, other, "left"), np.searchsorted(ordered, other, "right")
    return float((below + up_to).sum() / (2 * len(one) * len(other)))


def _at_least(right: int, n: int) -> float:
    """The probability of so many heads or more in n tosses."""
    return float(sum(comb(n, k) for k in range(right, n + 1)) / 2**n)
