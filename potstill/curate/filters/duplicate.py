"""What is said, or asked, again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.registry import part
from potstill.types import content_id


class DuplicateSettings(FilterSettings):
    """Settings of the filter `duplicate`.

    Attributes:
        same_teacher: only answers of one teacher are compared; else the same answer of two teachers is a duplicate too.
    """

    same_teacher: bool = False


@part("filter", "duplicate", version="3")
class DuplicateFilter:
    """The same answer to the same prompt again, or the same prompt, is noise; case and spaces do not count.

    So is the same continuation of the same plain text. Of those that are the same, the one whose id sorts first stays: which one does not
    depend on the order of the rows. Of each item it remembers 16 bytes: a hash of what it says, and its id.
    """

    Settings: ClassVar[type[FilterSettings]] = DuplicateSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: DuplicateSettings, context: Context) -> None:
        self._same_teacher = settings.same_teacher
        self._seen: list[np.ndarray] = []
        self._stays: np.ndarray | None = None

    def collect(self, items: Sequence[Item]) -> None:
        """Remember what each item says."""
        pairs = [(int(self._key(item), 16), int(item.id, 16)) for item in items]
        self._seen.append(np.array(pairs, np.uint64).reshape(-1, 2))
        self._stays = None

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the id of the one that stays."""
        keys = np.array([int(self._key(item), 16) for item in items], np.uint64)
        return [_opinion(item.id, first) for item, first in zip(items, self._first(keys), strict=True)]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean items said again, word for word or with other spaces and capitals; their ids sort behind those of what they repeat.

        Hard: with a full stop more.
        """
        for item in rng.sample(clean, len(clean)):
            again = [Fault("verbatim", _behind(item, item, rng))]
            if (shouted := _shouted(item)) != item:
                again.append(Fault("case and spaces", _behind(shouted, item, rng)))
            yield from again
            yield Fault(f"{HARD}full stop", _behind(_ended(item), item, rng))

    def _key(self, item: Item) -> str:
        """What two duplicates share."""
        turns = [[message.role, _plain(message.content)] for message in item.prompt.messages]
        asked = turns or _plain(item.prompt.reference or "")
        return content_id([asked, _plain(item.text), item.trace.teacher if item.trace and self._same_teacher else ""])

    def _first(self, keys: np.ndarray) -> list[str | None]:
        """The item that stays of those that share each key; None where no item that was shown has it."""
        stays = self._table()
        if not len(stays):
            return [None] * len(keys)
        near = stays[np.minimum(np.searchsorted(stays[:, 0], keys), len(stays) - 1)]
        return [f"{id_:016x}" if known == key else None for key, (known, id_) in zip(keys.tolist(), near.tolist(), strict=True)]

    def _table(self) -> np.ndarray:
        """[keys, 2] each key once, in order, with the first of its ids."""
        if self._stays is None:
            seen = np.concatenate([np.zeros((0, 2), np.uint64), *self._seen])
            seen = seen[np.lexsort((seen[:, 1], seen[:, 0]))]
            self._stays = seen[np.unique(seen[:, 0], return_index=True)[1]]
            self._seen = [self._stays]
        return self._stays


def _opinion(id_: str, first: str | None) -> Opinion:
    if first is None or id_ == first:
        return Opinion("the first of its kind", 0.0)
    return Opinion("says the same as another", 1.0, evidence=first)


def _shouted(item: Item) -> Item:
    """The same in capitals, with two spaces for one; of a plain text that is scored both the text and what is asked."""
    return _respelt(item, _loud)


def _ended(item: Item) -> Item:
    """The same with one more full stop."""
    return _respelt(item, "{}.".format)


def _respelt(item: Item, told: Callable[[str], str]) -> Item:
    trace, prompt = item.trace, item.prompt
    if trace is not None and prompt.messages:
        return replace(item, trace=replace(trace, text=told(trace.text)))
    turns = tuple(replace(turn, content=told(turn.content)) for turn in prompt.messages)
    loud = replace(prompt, messages=turns, reference=prompt.reference if turns else told(prompt.reference or ""))
    return replace(item, prompt=loud, trace=trace and replace(trace, text=told(trace.text)))


def _loud(text: str) -> str:
    return text.upper().replace(" ", "  ")


def _behind(item: Item, first: Item, rng: random.Random) -> Item:
    """The item under an id that sorts behind another's."""
    id_ = f"{rng.randrange(int(first.id, 16) + 1, 2**64):016x}"
    return replace(item, trace_id=id_) if item.trace is not None else replace(item, prompt_id=id_)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
