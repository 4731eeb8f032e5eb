"""Each prompt once, over millions of them: of what came before, 16 bytes are remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar, get_args

import numpy as np
from jaxtyping import Bool, UInt64

from potstill.errors import InputError
from potstill.types import Half, Intent, Prompt

BATCH = 8192
"""Prompts at a time."""
_KINDS = [(intent, half) for intent in get_args(Intent) for half in (None, *get_args(Half))]
_CODE = 15
"""The bits of a mark that say which of `_KINDS` a prompt is; the others are of its reference."""

T = TypeVar("T")


class Seen:
    """Which ids came already, each with a mark; sorted runs that are merged as they grow."""

    def __init__(self) -> None:
        self._runs: list[UInt64[np.ndarray, "2 n"]] = []

    def __len__(self) -> int:
        return sum(run.shape[1] for run in self._runs)

    def has(self, ids: UInt64[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
        """Whether each came already."""
        return self._known(ids)[0]

    def add(
        self, ids: UInt64[np.ndarray, " N"], marks: UInt64[np.ndarray, " N"]
    ) -> tuple[Bool[np.ndarray, " N"], UInt64[np.ndarray, " N"]]:
        """Take note of a batch.

        Returns:
            [N] whether each comes for the first time, and [N] the mark that it came with then.
        """
        known, before = self._known(ids)
        unique, first, place = np.unique(ids, return_index=True, return_inverse=True)
        new = np.zeros(len(ids), bool)
        new[first] = True
        new &= ~known
        fresh = new[first]
        self._merge(np.stack([unique[fresh], marks[first[fresh]]]))
        return new, np.where(known, before, marks[first][place])

    def _known(self, ids: UInt64[np.ndarray, " N"]) -> tuple[np.ndarray, np.ndarray]:
        known, marks = np.zeros(len(ids), bool), np.zeros(len(ids), np.uint64)
        for run in self._runs:
            near = np.minimum(np.searchsorted(run[0], ids), run.shape[1] - 1)
            hit = run[0][near] == ids
            marks = np.where(hit, run[1][near], marks)
            known |= hit
        return known, marks

    def _merge(self, run: UInt64[np.ndarray, "2 n"]) -> None:
        while self._runs and self._runs[-1].shape[1] <= 2 * run.shape[1]:
            both = np.concatenate([self._runs.pop(), run], axis=1)
            run = both[:, np.argsort(both[0], kind="stable")]
        if run.shape[1]:
            self._runs.append(run)


@dataclass
class Once:
    """Prompts of one use, each once.

    Attributes:
        find: id -> where the first of them came from; it is asked when two disagree.
        seen: what came already.
        duplicates: how many came again.
        otherwise: how many of these with another reference.
    """

    find: Callable[[str], str]
    seen: Seen = field(default_factory=Seen)
    duplicates: int = 0
    otherwise: int = 0

    def of(self, prompts: Iterable[Prompt]) -> Iterator[list[tuple[str, Prompt]]]:
        """The first of each prompt with its id, some at a time.

        Raises:
            InputError: the same prompt is a hazard, or of a half, in one place and not in another: no order of the sources may decide
                that.
        """
        for some in batched(prompts):
            names = [prompt.id for prompt in some]
            marks = np.array([_mark(prompt) for prompt in some], np.uint64)
            new, first = self.seen.add(numbers(names), marks)
            for place in np.flatnonzero((first & np.uint64(_CODE)) != (marks & np.uint64(_CODE))):
                raise self._disagreement(some[place], names[place], some[: names.index(names[place]) + 1], int(first[place]))
            self.duplicates += int((~new).sum())
            self.otherwise += int((first != marks).sum())
            yield [(names[place], some[place]) for place in np.flatnonzero(new)]

    def _disagreement(self, prompt: Prompt, id_: str, before: list[Prompt], mark: int) -> InputError:
        source = before[-1].source if before[-1] is not prompt else self.find(id_)
        first = _KINDS[mark & _CODE]
        what = f"the same prompt is {_labelled(prompt.intent, prompt.half)} here and {_labelled(*first)} in {source or 'another place'}"
        return InputError(what, where=prompt.source or id_, fix="give it one label, or leave one of them out")


def batched(some: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Lists of `size`, and one of fewer at the end."""
    rest = iter(some)
    while batch := list(islice(rest, size)):
        yield batch


def numbers(ids: Iterable[str]) -> UInt64[np.ndarray, " N"]:
    """Ids as numbers."""
    return np.array([int(id_, 16) for id_ in ids], np.uint64)


def _mark(prompt: Prompt) -> int:
    """A hash of the reference, its last bits replaced by what the prompt is after."""
    text = b"\0" if prompt.reference is None else b"\1" + prompt.reference.encode("utf-8", "surrogatepass")
    hashed = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
    return hashed & ~_CODE | _KINDS.index((prompt.intent, prompt.half))


def _labelled(intent: Intent, half: Half | None) -> str:
    return f"labelled {intent}" + (f" of half {half}" if half else "")
