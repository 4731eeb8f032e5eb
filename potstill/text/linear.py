"""A small text classifier: logistic regression over hashed n-grams, calibrated, with the spans of a text that speak for a label.

It learns in seconds, needs neither a network nor torch, and is the same whenever it is trained on the same texts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from potstill.errors import InputError
from potstill.text.hashing import VERSION, Features, words
from potstill.text.logistic import Learner, counting, figures, fitted_temperature, folds_of, held_out, log_softmax, products

BATCH = 128
"""Texts made into rows at a time when they are judged."""
HEADER = "potstill.text_classifier"
"""The key of the header in the file's metadata."""


class Span(NamedTuple):
    """A part of a text and what it adds to the log-odds of a label.

    Attributes:
        start, end: characters, half open.
        weight: in nats of the label's log-odds against the mean of the others, before calibration.
    """

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class TextClassifier:
    """A text -> the probability of each label.

    Attributes:
        features: what of a text is looked at.
        labels: the classes, in order.
        columns: the features with weights, ascending.
        weights: of each of them, for each label.
        bias: of each label.
        temperature: the logits are divided by it; fitted on texts that the weights were not.
        card: what it was trained on, and the figures measured.
    """

    features: Features
    labels: tuple[str, ...]
    columns: Int32[np.ndarray, " A"]
    weights: Float32[np.ndarray, "A C"]
    bias: Float32[np.ndarray, " C"]
    temperature: float = 1.0
    card: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        features: Features | None = None,
        l2: float = 1e-4,
        balanced: bool = True,
        folds: int = 5,
        groups: Sequence[str] | None = None,
        weights: Sequence[float] | None = None,
        card: Mapping[str, Any] | None = None,
    ) -> TextClassifier:
        """The classifier of these texts.

        The mean cross-entropy plus l2/2 times the squared weights is minimised. The temperature is the one that suits the texts of each
        fold best as judged by weights fitted on the other folds (Guo et al. 2017, arXiv 1706.04599); their accuracy and mean
        cross-entropy (nats) go into the card as `held_out`.

        Args:
            texts: to learn from.
            labels: of each text.
            features: what to look at; `Features()` by default.
            l2: the strength of the penalty.
            balanced: whether all labels count alike, however many texts each has.
            folds: parts held out in turn; below 2 nothing is held out, and the temperature stays 1.
            groups: texts of one group are held out together, so that near copies are not on both sides.
            weights: how much each text counts.
            card: what to keep beside: what it was trained on, figures.

        Raises:
            InputError: there are fewer than two labels, or not as many labels as texts.
        """
        names = tuple(sorted(set(labels)))
        if len(names) < 2 or len(texts) != len(labels):
            fix = "give texts of at least two labels, and a label for each"
            raise InputError(f"{len(texts)} texts with {len(labels)} labels, {len(names)} of them different", fix=fix)
        rows = (features or Features()).rows(texts)
        target = np.array([names.index(label) for label in labels])
        counts = counting(target, balanced, weights)
        learner = Learner((features or Features()).bits, len(names), l2)
        held = held_out(rows, target, counts, learner, folds_of(target, folds, groups)) if folds > 1 else None
        found, bias = learner.fit(rows, target, counts)
        columns = np.flatnonzero(np.abs(found).max(axis=1) > 0).astype(np.int32)
        kept = dict(card or {}) | {"texts": dict(sorted(Counter(labels).items())), "l2": l2, "balanced": balanced}
        temperature = 1.0
        if held is not None:
            temperature = fitted_temperature(held, target, counts)
            kept["held_out"] = {"folds": folds, **figures(held / temperature, target)}
        return cls(features or Features(), names, columns, found[columns], bias, temperature, kept)

    def logits(self, texts: Sequence[str]) -> Float64[np.ndarray, "N C"]:
        """Unnormalised log-probabilities, after calibration."""
        table = self._table
        parts = [products(self.features.rows(texts[at : at + BATCH]), table) for at in range(0, len(texts), BATCH)]
        whole = np.concatenate(parts) if parts else np.zeros((0, len(self.labels)))
        return np.asarray((whole + self.bias) / self.temperature)

    def probabilities(self, texts: Sequence[str]) -> Float64[np.ndarray, "N C"]:
        """The probability of each label, in the order of `labels`; each row sums to 1."""
        return np.asarray(np.exp(log_softmax(self.logits(texts))))

    def evidence(self, text: str, label: str, most: int = 3) -> list[Span]:
        """The spans that speak most for a label, the strongest first; none where nothing does.

        What an n-gram adds is shared among its words; a span is a run of words that would be weaker if it
        were longer or shorter, the mean size of what a word of this text adds being taken from each.

        Args:
            text: any text.
            label: one of `labels`.
            most: spans at most.

        Raises:
            InputError: there is no such label.
        """
        if label not in self.labels:
            raise InputError(f"no label {label!r}", fix=f"take one of {', '.join(self.labels)}")
        added, spans = self._added(text, self.labels.index(label))
        runs = [Span(spans[first][0], spans[last][1], float(added[first : last + 1].sum())) for first, last in _runs(added)]
        return sorted(runs, key=lambda run: -run.weight)[:most]

    def save(self, path: Path | str) -> None:
        """Write it as one safetensors file, the rest of it as JSON in the file's header."""
        header = {"version": VERSION, "features": asdict(self.features), "labels": self.labels, "temperature": self.temperature}
        told = json.dumps(header | {"card": dict(self.card)}, sort_keys=True, ensure_ascii=False)
        arrays = {"columns": self.columns, "weights": self.weights.astype(np.float16), "bias": self.bias}
        save_file(arrays, str(path), metadata={HEADER: told})

    @classmethod
    def load(cls, path: Path | str) -> TextClassifier:
        """The classifier that `save` wrote; it judges every text as the one saved did.

        Raises:
            InputError: the file cannot be read, is none of a classifier, or is of another version.
        """
        try:
            with safe_open(str(path), framework="numpy") as file:
                metadata = (file.metadata() or {}).get(HEADER)
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
        except (OSError, SafetensorError) as error:
            raise InputError(f"the classifier cannot be read: {error}", where=str(path), fix="train it again") from error
        header = json.loads(metadata) if metadata else {}
        if header.get("version") != VERSION:
            what = f"a classifier of version {header['version']}, read by version {VERSION}" if header else "no text classifier"
            raise InputError(what, where=str(path), fix="train it again")
        told = header["features"]
        features = Features(tuple(told["words"]), tuple(told["characters"]), told["opening"], told["bits"])
        weights = arrays["weights"].astype(np.float32)
        return cls(features, tuple(header["labels"]), arrays["columns"], weights, arrays["bias"], header["temperature"], header["card"])

    def with_card(self, **more: Any) -> TextClassifier:
        """The same with more on its card."""
        return replace(self, card={**self.card, **more})

    @cached_property
    def _table(self) -> Float32[np.ndarray, "D C"]:
        table = np.zeros((1 << self.features.bits, len(self.labels)), np.float32)
        table[self.columns] = self.weights
        return table

    def _added(self, text: str, label: int) -> tuple[Float64[np.ndarray, " W"], list[tuple[int, int]]]:
        """What each word adds to the log-odds of a label against the mean of the others, and the words' spans."""
        split, spans = words(text)
        row = self.features.rows([text])
        size = dict(zip(row.columns.tolist(), row.values.tolist(), strict=True))
        weights = self._table[row.columns]
        apart = weights[:, label] - np.delete(weights, label, axis=1).mean(axis=1)
        worth_of = dict(zip(row.columns.tolist(), apart.tolist(), strict=True))
        added = np.zeros(len(spans))
        for grams in self.features.grams([text], split):
            times = Counter(grams.columns.tolist())
            for column, first, last in zip(grams.columns.tolist(), grams.first.tolist(), grams.last.tolist(), strict=True):
                worth = worth_of[column] * size[column] / times[column]
                added[first : last + 1] += worth / (last + 1 - first)
        return added, spans


def _runs(added: Float64[np.ndarray, " W"]) -> list[tuple[int, int]]:
    """First and last place of the runs of largest sum, each place less the mean size, one behind the other."""
    found: list[tuple[int, int]] = []
    total = best = 0.0
    first = last = 0
    for place, worth in enumerate((added - np.abs(added).mean()).tolist() if len(added) else []):
        if total <= 0:
            if best > 0:
                found.append((first, last))
            total, best, first = 0.0, 0.0, place
        total += worth
        if total > best:
            best, last = total, place
    return [*found, (first, last)] if best > 0 else found
