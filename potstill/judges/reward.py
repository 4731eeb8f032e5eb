"""Reward models: how good an answer is, by a network that was taught so. What brings torch in is imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from potstill.errors import RecipeError
from potstill.judges.base import BatchJudge
from potstill.judges.endpoint import EndpointReward
from potstill.models.base import FREE, Spending
from potstill.recipe import is_served
from potstill.registry import did_you_mean
from potstill.text.specs import split_spec
from potstill.types import Prompt
from potstill.world import VERSION

if TYPE_CHECKING:
    from potstill.models.classifier import SequenceClassifier
    from potstill.teach.classifiers import Classifier

WORLD, LOCAL = "world", "hf"
"""`reward:world`: the built-in world's reward model; `reward:hf:PATH`: a sequence classifier of transformers. Else one behind a server."""


def open_reward(name: str, where: str = "", spending: Spending = FREE) -> BatchJudge:
    """The reward model `world`, `hf:PATH?label=NAME` or `http(s)://HOST#MODEL?tokenizer=hf:PATH`.

    Raises:
        RecipeError: there is no reward model of that kind, or a setting that it does not have.
        ModelError: it cannot be found or used.
    """
    kind, _, path = name.partition(":")
    if name == WORLD:
        return WorldReward()
    if kind == LOCAL and path:
        return ClassifierReward.of(path, where)
    if is_served(name) and path:
        return EndpointReward.of(name, where, spending)
    known = [WORLD, f"{LOCAL}:PATH", "http://HOST#MODEL"]
    raise RecipeError(f"unknown reward model {name!r}", where=where, fix=did_you_mean(name, known))


@dataclass
class WorldReward:
    """The built-in world's reward model: the probability that a careful helper would give this answer.

    Empty answers are not judged, and none that is longer, with its prompt, than what the model was taught on.
    """

    name: str = f"reward:{WORLD}"

    @cached_property
    def _classifier(self) -> Classifier:
        from potstill.teach.classifiers import open_classifier

        return open_classifier("reward")

    def identity(self) -> dict[str, str]:
        """The world's version, and digests of weights and tokenizer."""
        from potstill.models.hf import Place, weights_facts
        from potstill.models.tokenizers import open_tokenizer, tokenizer_facts
        from potstill.models.world import TEACHERS

        facts = {**weights_facts(Place(str(TEACHERS / "reward"))), **tokenizer_facts(open_tokenizer("world:a"))}
        return {"judge": self.name, "world": VERSION, **facts}

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """One probability a pair; None for an empty answer, and for one that does not fit the context.

        Raises:
            ModelError: the weights are not there.
        """
        judged = [self._reads(prompt, text) for prompt, text in asked]
        found = iter(self._classifier.probabilities(list(compress(asked, judged))))
        return [next(found) if one else None for one in judged]

    def _reads(self, prompt: Prompt, text: str) -> bool:
        from potstill.text.chat import render

        classifier = self._classifier
        size = len(render(classifier.tokenizer, prompt, text).input_ids)
        return bool(text.strip()) and size <= classifier.network.config.max_position_embeddings


@dataclass(frozen=True, slots=True)
class ClassifierReward:
    """A sequence classifier as a reward model: its one number, or the probability of one of its classes.

    Attributes:
        name: as in the recipe.
        classifier: reads a prompt with its answer.
        label: the place of the class whose probability is the score; None: the score is the one number, which has no bounds.
    """

    name: str
    classifier: SequenceClassifier
    label: int | None

    @classmethod
    def of(cls, spec: str, where: str = "") -> ClassifierReward:
        """The reward model `PATH?label=NAME`; without a label, the last of two classes.

        Raises:
            RecipeError: an unknown setting, or a label that it does not have or that is not named.
            ModelError: there is no sequence classifier.
        """
        from potstill.models.base import Options
        from potstill.models.classifier import open_sequence_classifier

        path, settings = split_spec(spec, {"label"}, where)
        classifier = open_sequence_classifier(path, Options())
        return cls(f"reward:{LOCAL}:{spec}", classifier, _label(classifier, settings.get("label"), where))

    def identity(self) -> dict[str, str]:
        """The classifier's digests, and the class whose probability is the score."""
        return {"judge": self.name, "label": str(self.label), **self.classifier.identity()}

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """One score a pair; None for an empty answer, and for one that does not fit the context."""
        judged = [(prompt, text) for prompt, text in asked if text.strip()]
        found = iter(self.classifier.logits(judged))
        return [self._score(next(found)) if text.strip() else None for _, text in asked]

    def _score(self, logits: np.ndarray | None) -> float | None:
        if logits is None:
            return None
        if self.label is None:
            return float(logits[0])
        p = np.exp(logits.astype(np.float64) - logits.max())
        return float(p[self.label] / p.sum())


def _label(classifier: SequenceClassifier, label: str | None, where: str) -> int | None:
    """The place of the class whose probability is the score."""
    labels = list(classifier.labels)
    if classifier.problem_type == "multi_label_classification" and len(labels) > 1:
        raise RecipeError("its classes do not exclude each other", where=where, fix="take a reward model of one number or of two classes")
    if label is not None:
        if label not in labels:
            raise RecipeError(f"{classifier.name} has no class {label!r}", where=where, fix=did_you_mean(label, labels))
        return labels.index(label)
    if len(labels) > 2:
        what = f"{classifier.name} has {len(labels)} classes, and none is named as the good one"
        raise RecipeError(what, where=where, fix=f"write ?label=NAME behind it, one of: {', '.join(labels)}")
    return None if len(labels) == 1 else 1
