"""Texts with the word statistics of real ones: chains of words, each drawn from those that follow the one before it in real text."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable
from pathlib import Path

DATA = Path(os.environ.get("POTSTILL_DATA", "../shared/data"))


class Chain:
    """Words by what follows what.

    Args:
        texts: real ones.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._next: dict[str, list[str]] = {}
        words = [word for text in texts for word in text.split()]
        for one, then in zip(words, [*words[1:], words[0]], strict=True):
            self._next.setdefault(one, []).append(then)
        self._words = words

    def text(self, words: int, rng: random.Random) -> str:
        """So many words."""
        said = [rng.choice(self._words)]
        while len(said) < words:
            following = self._next[said[-1]]
            said.append(following[int(rng.random() * len(following))])
        return " ".join(said)

    def edited(self, text: str, edits: int, rng: random.Random) -> str:
        """The text with so many of its words replaced."""
        words = text.split()
        for place in rng.sample(range(len(words)), edits):
            words[place] = rng.choice(self._words)
        return " ".join(words)


def gsm8k(split: str) -> list[dict[str, str]]:
    """The rows of a split: `question` and `answer`."""
    return [json.loads(line) for line in (DATA / "gsm8k" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]


def stories() -> str:
    """Real stories."""
    (path,) = (DATA / "tinystories").glob("*.txt")
    return path.read_text(encoding="utf-8")
