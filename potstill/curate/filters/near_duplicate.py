"""What is said, or asked, nearly the same again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.minhash import VERSION, Sketches, alike, library, nearest
from potstill.curate.retelling import answered, asked, posed, renumbered, retold, surrounded
from potstill.curate.shingled import Shingled, joined, shingled
from potstill.registry import part
from potstill.text import shingles

EVERY = 40
"""Of so many words of a text one is another in a fault."""
UNCOMPARED = Opinion("put aside before it was compared with others", applies=False)
UNANSWERED = Opinion("a prompt alone has no answer to compare", applies=False)


class NearDuplicateSettings(FilterSettings):
    """Settings of the filter `near_duplicate`.

    Attributes:
        threshold: the Jaccard similarity of the shingles from which on an item is a duplicate.
        floor: similarities below it are not looked for and stand as 0; the threshold cannot lie lower.
        over: what is compared: `answer`, whatever was asked; `prompt`, where answers to one prompt are no duplicates of each other; `item`,
            both, by the lesser of the two similarities.
        shingle: words of a shingle.
        permutations: minima by which pairs are found; more find more of the pairs near the floor.
    """

    threshold: float = Field(0.8, gt=0, le=1)
    floor: float = Field(0.6, gt=0, le=1)
    over: Literal["item", "prompt", "answer"] = "item"
    shingle: int = Field(3, ge=1)
    permutations: int = Field(128, ge=1)

    @model_validator(mode="after")
    def _is_looked_for(self) -> Self:
        if self.threshold < self.floor:
            raise ValueError(f"{self.threshold} is below floor = {self.floor}, and what is less alike is not looked for")
        return self


@part("filter", "near_duplicate", version="1")
class NearDuplicateFilter:
    """What is nearly the same as something else, from whatever source, is noise.

    The score is the similarity to the most alike item whose id sorts before, and the evidence that item's id. So at any threshold the item
    that sorts first of all that hang together stays, no two that stay are known to be alike, and none of it depends on the order of the
    rows. A text of fewer words than a shingle is compared whole. Of each item 4 bytes a word are remembered.
    """

    Settings: ClassVar[type[FilterSettings]] = NearDuplicateSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: NearDuplicateSettings, context: Context) -> None:
        self._settings = settings
        self._ids: list[np.ndarray] = []
        self._rows: list[Shingled] = []
        self._found: _Found | None = None

    def identity(self) -> dict[str, str]:
        """The versions of rensa and of the way from a text to its shingles.

        Raises:
            MissingExtraError: rensa is not installed.
        """
        return {"rensa": library(), "minhash": f"{VERSION}, shingles {shingles.VERSION}"}

    def collect(self, items: Sequence[Item]) -> None:
        """Remember the shingles of each item."""
        over = self._settings.over
        questions, answers = [_question(item) for item in items], [item.text for item in items]
        texts, others = (answers, None) if over == "answer" else (questions, answers if over == "item" else None)
        self._ids.append(self._id_of(items))
        self._rows.append(shingled(texts, self._settings.shingle, others))
        self._found = None

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; those that were not shown are none of the filter's."""
        found = self._table()
        ids = self._id_of(items)
        places = np.minimum(np.searchsorted(found.ids, ids), max(len(found.ids) - 1, 0))
        known = (found.ids[places] == ids).tolist() if len(found.ids) else [False] * len(items)
        return [
            (_opinion(found, place) if shown else UNCOMPARED) if self._compares(item) else UNANSWERED
            for item, place, shown in zip(items, places.tolist(), known, strict=True)
        ]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean items again: `verbatim`, in capitals with other spaces, and `words`, with one word in forty another.

        Hard: within another text, with other numbers, and told by template.
        """
        other = [word for item in clean for word in self._text(item).split()]
        for item in clean:
            words = self._text(item).split()
            if words and self._compares(item):
                yield Fault("verbatim", self._later(item, words, [word.upper() for word in words], 0, rng))
            if len(words) >= EVERY and self._compares(item):
                yield Fault("words", self._later(item, words, other, len(words) // EVERY, rng))
            if words and self._compares(item):
                yield from self._retold(item, self._text(rng.choice(list(clean))), rng)

    def _retold(self, item: Item, around: str, rng: random.Random) -> Iterator[Fault]:
        text = self._text(item)
        told = {"prefix_suffix": surrounded(text, around, around), "numbers": renumbered(text, rng), "paraphrase": retold(text, rng)}
        for kind, other in told.items():
            if other != text:
                yield Fault(HARD + kind, self._later(item, text.split(), other.split(), 0, rng))

    def _later(self, item: Item, words: Sequence[str], other: Sequence[str], edits: int, rng: random.Random) -> Item:
        """The item with so many other words, or all in their other form, and an id that sorts behind its own."""
        attempt = 0
        while True:
            told = list(words) if edits else list(other)
            for place in rng.sample(range(len(words)), edits):
                told[place] = rng.choice(other)
            made = self._with(item, " ".join(told) + " " * attempt)
            if self._id_of([made])[0] > self._id_of([item])[0]:
                return made
            attempt += 1

    def _with(self, item: Item, text: str) -> Item:
        """The item with another answer, or with another question where that is what is compared."""
        if item.trace is not None and self._settings.over != "prompt":
            return answered(item, text)
        return asked(item, posed(item.prompt, text))

    def _text(self, item: Item) -> str:
        """What a fault of it changes."""
        if item.trace is not None and self._settings.over != "prompt":
            return item.text
        return item.prompt.question if item.prompt.messages else item.prompt.reference or ""

    def _compares(self, item: Item) -> bool:
        return item.trace is not None or self._settings.over != "answer"

    def _id_of(self, items: Sequence[Item]) -> np.ndarray:
        """[items] the ids as numbers; of the prompts where those are compared alone."""
        by_prompt = self._settings.over == "prompt"
        return np.array([int(item.prompt_id if by_prompt else item.id, 16) for item in items], np.uint64)

    def _table(self) -> _Found:
        if self._found is None:
            settings = self._settings
            ids, first = np.unique(np.concatenate([np.zeros(0, np.uint64), *self._ids]), return_index=True)
            rows, self._rows = joined(self._rows), []
            self._ids, self._rows = [ids], [rows.take(first)]
            del rows
            pairs = alike(self._rows[0], Sketches(settings.shingle, settings.permutations, settings.floor))
            self._found = _Found(ids, *nearest(pairs, len(ids)))
        return self._found


@dataclass(frozen=True, slots=True)
class _Found:
    """Of each item shown, in the order of their ids, the highest similarity to one before it, and which that is."""

    ids: np.ndarray
    similarity: np.ndarray
    partner: np.ndarray


def _opinion(found: _Found, place: int) -> Opinion:
    score, partner = float(found.similarity[place]), int(found.partner[place])
    if partner < 0:
        return Opinion("like nothing before it", 0.0)
    why = "says nearly the same as another" if score < 1 else "says the same as another"
    return Opinion(why, score, evidence=f"{int(found.ids[partner]):016x}")


def _question(item: Item) -> str:
    """The conversation, or the plain text."""
    return "\n".join(message.content for message in item.prompt.messages) or item.prompt.reference or ""
