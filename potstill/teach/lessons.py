"""Lessons without end: freshly drawn items of the world, packed, as a function of the step and of the shares that its errors earned."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from potstill import world
from potstill.fit import Batch, Example, pack
from potstill.fit.batches import fill_rows
from potstill.store.atomic import write_text
from potstill.teach.primer import Pairs
from potstill.text.chat import render
from potstill.types import Prompt


@dataclass
class Lessons:
    """A batch source over training items; the shares of the skills change at the steps where an examination was held.

    Args:
        tokenizer: the world's.
        shares: skill -> share of the lessons at the start.
        completion: the gold answer to a prompt.
        path: where the changed shares are kept, so that an interrupted run sees the same lessons.
        seed: of the items.
        primer: over so many steps at the start rows of bare pairs (`potstill.teach.primer`) give way to lessons.
        rows, length: of a batch.
    """

    tokenizer: PreTrainedTokenizerBase
    shares: Mapping[str, float]
    completion: Callable[[Prompt], str]
    path: Path
    seed: str = "0"
    primer: int = 0
    rows: int = 24
    length: int = 160
    _changes: dict[int, dict[str, float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._pairs = Pairs(self.tokenizer, self.length)
        if self.path.is_file():
            self._changes = {int(step): shares for step, shares in json.loads(self.path.read_text()).items()}

    def batch(self, step: int) -> list[Batch]:
        """One micro-batch of fresh items."""
        rng = random.Random(f"{self.seed}/{step}")
        bare = round(self.rows * max(0.0, 1.0 - step / self.primer)) if self.primer else 0
        return [pack([self._pairs.row(rng) for _ in range(bare)] + self._rows(rng, step, self.rows - bare), self.length)]

    def _rows(self, rng: random.Random, step: int, count: int) -> list[list[Example]]:
        """Rows of lessons, the fullest of a few more than asked for."""
        shares = self.shares_at(step)
        budget = int(1.15 * count * self.length)
        examples: list[Example] = []
        while sum(map(len, examples)) < budget:
            examples += [self._example(world.draw(name, rng)) for name in rng.choices(list(shares), list(shares.values()), k=32)]
        filled = fill_rows([len(e) for e in examples], self.length)
        fullest = sorted(filled, key=lambda row: -sum(len(examples[i]) for i in row))[:count]
        return [[examples[i] for i in row] for row in fullest]

    def _example(self, prompt: Prompt) -> Example:
        rendered = render(self.tokenizer, prompt, self.completion(prompt))
        return Example(np.array(rendered.input_ids), rendered.loss_from)

    def shares_at(self, step: int) -> Mapping[str, float]:
        """The shares in force at a step."""
        past = [s for s in self._changes if s <= step]
        return self._changes[max(past)] if past else self.shares

    def reconsider(self, step: int, accuracy: Mapping[str, float]) -> None:
        """From this step on, each skill's first share times 0.3 + 2.5 (1 - accuracy)."""
        self._changes[step] = {name: share * (0.3 + 2.5 * (1.0 - accuracy[name])) for name, share in self.shares.items()}
        write_text(self.path, json.dumps(self._changes))
