"""Labels by a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field, model_validator

from potstill.errors import InputError, RecipeError
from potstill.recipe.paths import existing
from potstill.registry import did_you_mean, part
from potstill.sources.labellers.teacher import as_said, check_labels
from potstill.sources.labels import Help, LabelSettings, Of, Said, labelled_text
from potstill.store.artifact import digest_file
from potstill.text.hashing import VERSION
from potstill.text.linear import TextClassifier
from potstill.text.logistic import log_softmax
from potstill.text.rows import cell, read_rows
from potstill.types import Message, Prompt

if TYPE_CHECKING:
    from potstill.models.classifier import SequenceClassifier


class ClassifierSettings(LabelSettings):
    """Settings of the labeller `classifier`.

    Attributes:
        examples: a file of labelled texts, of which a classifier is trained.
        model: a sequence classifier of transformers instead, `hf:PATH`.
        of: which label it gives.
        text, label: the columns of the examples.
        labels: what a class stands for; none: its own name, and with `model` classes that are not named here say nothing.
        threshold: a class less likely than this says nothing.
    """

    examples: str | None = None
    model: str | None = Field(None, pattern=r"^hf:.+")
    of: Of = "domain"
    text: str = "text"
    label: str = "label"
    labels: dict[str, str] = Field({})
    threshold: float = Field(0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> ClassifierSettings:
        if (self.examples is None) == (self.model is None):
            raise ValueError("name either examples or a model")
        return self


@part("labeller", "classifier", version="1")
class ClassifierLabeller:
    """The likeliest class of the prompt: of a classifier trained on `examples`, a file of texts and labels, or of a `model`, `hf:PATH`.

    A class that is less likely than `threshold` is no label, and neither is one of a prompt that does not fit the model's context.

    Raises:
        RecipeError: a label that is none, or classes that the model does not have.
        InputError: the examples are missing, malformed, or of one label alone.
        ModelError: the model cannot be found or used.
    """

    Settings: ClassVar[type[LabelSettings]] = ClassifierSettings
    SPENDS: ClassVar[bool] = True

    def __init__(self, settings: ClassifierSettings, help_: Help) -> None:
        self._settings, self._where = settings, help_.where
        self._path = None if settings.examples is None else existing(settings.examples, help_.where)
        check_labels(list(settings.labels.values()), settings.of, help_.where)

    def identity(self) -> dict[str, str]:
        """SHA-256 of the examples, or the model's digests."""
        if self._path is None:
            return self._model.identity()
        return {"examples": digest_file(self._path), "features": str(VERSION)}

    def label(self, prompts: Sequence[Prompt]) -> list[Said | None]:
        """The likeliest class of each, where it is likely enough."""
        texts = [labelled_text(prompt) for prompt in prompts]
        return self._learnt(texts) if self._path is not None else self._read(texts)

    def _learnt(self, texts: Sequence[str]) -> list[Said | None]:
        shares = self._trained.probabilities(texts)
        best = shares.argmax(axis=1)
        return [self._said(self._trained.labels[place], float(row[place])) for place, row in zip(best.tolist(), shares, strict=True)]

    def _read(self, texts: Sequence[str]) -> list[Said | None]:
        found = self._model.logits([(Prompt((Message("user", text),)), None) for text in texts])
        return [None if logits is None else self._of_logits(logits) for logits in found]

    def _of_logits(self, logits: np.ndarray) -> Said | None:
        shares = np.exp(log_softmax(logits.astype(np.float64)[None]))[0]
        place = int(shares.argmax())
        return self._said(self._model.labels[place], float(shares[place]))

    def _said(self, label: str, share: float) -> Said | None:
        told = self._settings.labels.get(label, None if self._settings.labels else label)
        return None if share < self._settings.threshold or told is None else as_said(self._settings.of, told)

    @cached_property
    def _trained(self) -> TextClassifier:
        texts, labels = _examples(self._path or Path(), self._settings)
        try:
            return TextClassifier.fit(texts, labels)
        except InputError as error:
            raise InputError(error.what, where=str(self._path), fix=error.fix) from None

    @cached_property
    def _model(self) -> SequenceClassifier:
        from potstill.models.base import Options
        from potstill.models.classifier import open_sequence_classifier

        found = open_sequence_classifier((self._settings.model or "").removeprefix("hf:"), Options())
        for name in self._settings.labels:
            if name not in found.labels:
                raise RecipeError(f"the model has no class {name!r}", where=self._where, fix=did_you_mean(name, list(found.labels)))
        return found


def _examples(path: Path, settings: ClassifierSettings) -> tuple[list[str], list[str]]:
    """Texts and labels; rows without either are passed over."""
    pairs = [(cell(row, settings.text, where), cell(row, settings.label, where)) for where, row in read_rows(path)]
    whole = [(text, label) for text, label in pairs if text is not None and label is not None]
    return [text for text, _ in whole], [label for _, label in whole]
