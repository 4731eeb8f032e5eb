"""What a base teacher learns before its lessons: to look a word up in its context.

Most skills of the world look something up: who keeps the door, which room comes before the hall. Raised on the lessons alone the network
found everything else first and these hardly ever (docs/lab_notes.md). On bare pairs of words the look-up (an induction head: Olsson et al.,
arXiv 2209.11895) forms within a few hundred steps.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from transformers import PreTrainedTokenizerBase

from potstill.fit import Example
from potstill.world import lexicon

SEPARATORS = (",", ".", ";")
WEIGHT = 4.0
"""Of a target: a row of pairs then counts about as much as a row of lessons, which has many more targets."""


@dataclass
class Pairs:
    """Rows of pairs: `door Ann, Ann red, hall door, Ann red`, where the last word is the only target.

    Args:
        tokenizer: the world's.
        length: of a row.
    """

    tokenizer: PreTrainedTokenizerBase
    length: int
    _words: list[int] = field(init=False)
    _separators: list[int] = field(init=False)

    def __post_init__(self) -> None:
        words = (*lexicon.WORDS, *lexicon.PEOPLE, *lexicon.ROOMS, *lexicon.CHORES, *lexicon.COLOURS, *lexicon.KINDS, *lexicon.INGREDIENTS)
        self._words = self._single(f" {word}" for word in dict.fromkeys(words))
        self._separators = self._single(SEPARATORS)

    def _single(self, texts: Iterable[str]) -> list[int]:
        """The tokens of those texts that are one token."""
        pieces = (self.tokenizer(text, add_special_tokens=False).input_ids for text in texts)
        return [ids[0] for ids in pieces if len(ids) == 1]

    def row(self, rng: random.Random) -> list[Example]:
        """As many examples as fit."""
        row: list[Example] = []
        room = self.length
        while len(example := self._example(rng)) <= room:
            row.append(example)
            room -= len(example)
        return row

    def _example(self, rng: random.Random) -> Example:
        """Two to five pairs, then one of them again; a word may be the second of one pair and the first of another."""
        words = rng.sample(self._words, 6)
        pairs = [(key, rng.choice([word for word in words if word != key])) for key in words[: rng.randint(2, 5)]]
        rng.shuffle(pairs)
        separator = rng.choice(self._separators)
        ids = [token for pair in pairs for token in (*pair, separator)] + [*rng.choice(pairs)]
        return Example(np.array(ids), len(ids) - 1, WEIGHT)
