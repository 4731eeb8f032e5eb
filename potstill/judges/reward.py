"""Reward models: how good an answer is, by a network that was taught so. What brings torch in is imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from potstill.errors import RecipeError
from potstill.judges.base import BatchJudge
from potstill.registry import did_you_mean
from potstill.types import Prompt
from potstill.world import VERSION

if TYPE_CHECKING:
    from potstill.teach.classifiers import Classifier

WORLD = "world"
"""`reward:world`: the built-in world's reward model."""


def open_reward(name: str, where: str = "") -> BatchJudge:
    """The reward model `world`.

    Raises:
        RecipeError: there is no reward model of that kind.
    """
    if name == WORLD:
        return WorldReward()
    raise RecipeError(f"unknown reward model {name!r}", where=where, fix=did_you_mean(name, [WORLD]))


@dataclass
class WorldReward:
    """The built-in world's reward model: the probability that a careful helper would give this answer. Empty answers are not judged."""

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
        """One probability a pair; None for an empty answer.

        Raises:
            ModelError: the weights are not there.
        """
        judged = [pair for pair in asked if pair[1].strip()]
        found = iter(self._classifier.probabilities(judged))
        return [next(found) if text.strip() else None for _, text in asked]
