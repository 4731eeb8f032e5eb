"""What a domain is, told by a sequence classifier of transformers: the upgrade of one learnt from examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from potstill.errors import RecipeError
from potstill.registry import did_you_mean
from potstill.text.specs import split_spec
from potstill.types import Message, Prompt

if TYPE_CHECKING:
    from potstill.models.classifier import SequenceClassifier

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*\s*")


@dataclass(frozen=True)
class ClassifiedDomain:
    """A sequence classifier, one class of which is the domain.

    Attributes:
        spec: `PATH?label=NAME`, or the hub's name in the place of a path; without a label, the last of two classes.
        where: for messages.
        piece: characters of the pieces that are looked at beside a whole text; each is a forward pass.
    """

    spec: str
    where: str = ""
    piece: int = 400

    def scores(self, texts: Sequence[str]) -> list[float | None]:
        """The probability of the class for each text; None for one that does not fit the context.

        Raises:
            ModelError: there is no such classifier.
            RecipeError: it has no such class.
        """
        place = self._place
        found = self._classifier.logits([(Prompt((Message("user", text),)), None) for text in texts])
        return [None if logits is None else self._probability(logits.astype(np.float64), place) for logits in found]

    def evidence(self, text: str) -> tuple[int, int] | None:
        """The sentence that by itself has the highest score; None where none fits."""
        spans = [match.span() for match in _SENTENCE.finditer(text) if match[0].strip()]
        scores = self.scores([text[start:end] for start, end in spans])
        best = max(zip(scores, spans, strict=True), key=lambda one: -1.0 if one[0] is None else one[0], default=(None, (0, 0)))
        return None if best[0] is None else best[1]

    def identity(self) -> dict[str, str]:
        """The classifier's digests."""
        return self._classifier.identity()

    def _probability(self, logits: np.ndarray, place: int) -> float:
        if self._classifier.problem_type == "multi_label_classification" or len(logits) == 1:
            return float(1 / (1 + np.exp(-logits[place])))
        p = np.exp(logits - logits.max())
        return float(p[place] / p.sum())

    @cached_property
    def _classifier(self) -> SequenceClassifier:
        from potstill.models.base import Options
        from potstill.models.classifier import open_sequence_classifier

        return open_sequence_classifier(split_spec(self.spec, {"label"}, self.where)[0], Options())

    @cached_property
    def _place(self) -> int:
        labels, label = list(self._classifier.labels), split_spec(self.spec, {"label"}, self.where)[1].get("label")
        if label is not None:
            if label not in labels:
                raise RecipeError(f"it has no class {label!r}", where=self.where, fix=did_you_mean(label, labels))
            return labels.index(label)
        if len(labels) > 2:
            raise RecipeError(f"it has {len(labels)} classes", where=self.where, fix=f"write ?label=NAME, one of: {', '.join(labels)}")
        return len(labels) - 1
