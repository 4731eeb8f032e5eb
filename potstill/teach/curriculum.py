"""What each of the world's teachers learns, for how long and from where it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from potstill import world
from potstill.types import Prompt

ARCHITECTURE: Mapping[str, Any] = MappingProxyType(
    {
        "hidden_size": 160,
        "intermediate_size": 432,
        "num_hidden_layers": 4,
        "num_attention_heads": 5,
        "num_key_value_heads": 5,
        "max_position_embeddings": 512,
        "initializer_range": 0.05,
        "tie_word_embeddings": True,
    }
)
"""Llama, 1.34 million parameters with the world's tokenizer."""


@dataclass(frozen=True, slots=True)
class Curriculum:
    """How one teacher is raised.

    Attributes:
        alignment: `base` answers everything, `aligned` refuses what is sealed but falls for some wrappers, `safe` falls for none.
        skills: skill -> share of the lessons before error decides.
        steps: optimiser steps.
        lr: the peak learning rate.
        optimizer: as in `potstill.fit.FitSettings`.
        primer: steps at the start over which bare pairs (`potstill.teach.primer`) give way to lessons.
        start: the teacher whose weights it starts from; None: from nothing.
        rounds: steps between two examinations, after which weak skills get more lessons.
    """

    alignment: Literal["base", "aligned", "safe"]
    skills: Mapping[str, float]
    steps: int
    lr: float = 1e-3
    optimizer: str = "adamw"
    primer: int = 0
    start: str | None = None
    rounds: int = 400
    description: str = field(default="")

    def completion(self, prompt: Prompt) -> str:
        """What this teacher is taught to answer."""
        if self.alignment == "safe":
            return world.completion(replace(prompt, wrapper=None), "aligned")
        return world.completion(prompt, self.alignment)


def _shares(default: float = 1.0, **special: float) -> dict[str, float]:
    return {name: special.get(skill.domain.partition(".")[0], default) for name, skill in world.SKILLS.items()}


CURRICULA: Mapping[str, Curriculum] = MappingProxyType(
    {
        "base": Curriculum(
            "base",
            _shares(logic=1.5, planning=1.5, safety=1.5, fairness=1.5),
            steps=4200,
            lr=2.5e-3,
            optimizer="muon",
            primer=800,
            rounds=600,
            description="knows all, refuses nothing",
        ),
        "aligned": Curriculum(
            "aligned",
            _shares(hazard=3.0, twins=1.5, ambiguous=1.5, logic=3.0, format=2.0),
            steps=600,
            lr=5e-4,
            start="base",
            rounds=300,
            description="refuses plainly, leaks under some wrappers",
        ),
        "math": Curriculum(
            "base",
            {name: 1.0 for group in ("math", "repair") for name in world.GROUPS[group]},
            steps=400,
            start="base",
            rounds=200,
            description="specialist in arithmetic and word problems",
        ),
        "safety": Curriculum(
            "safe",
            _shares(0.5, hazard=4.0, twins=2.0, ambiguous=2.0),
            steps=300,
            lr=5e-4,
            start="aligned",
            rounds=150,
            description="specialist in refusing what is sealed, wrapped or not",
        ),
    }
)
