"""Answers that most other answers to the same prompt contradict."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.clean import answered
from potstill.registry import part
from potstill.text.answers import final_answer, number, stated_number
from potstill.text.refusals import refused
from potstill.types import content_id

DECLINED = "(declines)"
ALONE = Opinion("the only answer to its prompt with a result", applies=False)


class SelfConsistencySettings(FilterSettings):
    """Settings of the filter `self_consistency`: the threshold is a share of the answers to a prompt. At 0.5 a tie of two falls as well."""


@part("filter", "self_consistency", version="1")
class SelfConsistencyFilter:
    """Answers whose result most others to the same prompt do not share, of whatever teacher and draw, are noise.

    The score is the share of a prompt's answers with another result (self-consistency: Wang et al. 2022, arXiv 2203.11171). The result is
    the marked final answer, as a number where it is one; of a prompt graded by its number, the number stated; to decline is a result, too.
    An answer without a result cannot be judged; one that is alone has nothing to agree with. Of each answer 24 bytes are remembered.
    """

    Settings: ClassVar[type[FilterSettings]] = SelfConsistencySettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: SelfConsistencySettings, context: Context) -> None:
        self._seen: list[np.ndarray] = []
        self._table: np.ndarray | None = None

    def collect(self, items: Sequence[Item]) -> None:
        """Remember the result of each answer."""
        rows = [(int(item.prompt_id, 16), _hash(found), int(item.id, 16)) for item in items if (found := result(item)) is not None]
        self._seen.append(np.array(rows, np.uint64).reshape(-1, 3))

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is its result."""
        votes = self._votes()
        return [_opinion(item, votes) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean answers with the result of another prompt beside the right one."""
        known = {item.id: found for item in clean if item.trace is not None and (found := result(item)) is not None}
        others = sorted(set(known.values()))
        for item in clean:
            own = known.get(item.id)
            wrong = rng.choice(others) if others else own
            if own is not None and wrong is not None and wrong != own:
                yield Fault("another's result", answered(item.prompt, f"Answer: {wrong}", sample=1, prompt_id=item.prompt_id))

    def _votes(self) -> np.ndarray:
        """[3, answers] prompt, result and answer, each answer once, sorted by prompt."""
        if self._table is None:
            seen = np.concatenate([np.zeros((0, 3), np.uint64), *self._seen])
            self._table, self._seen = np.ascontiguousarray(np.unique(seen, axis=0).T), []
        return self._table


def result(item: Item) -> str | None:
    """What an answer comes to, in one spelling; None where it does not say, or nothing was asked."""
    if item.trace is None or not item.prompt.messages:
        return None
    if item.prompt.grader == "number":
        value = stated_number(item.text)
        return None if value is None else str(value)
    final = final_answer(item.text)
    if final is None:
        return DECLINED if refused(item.text) else None
    value = number(final) if final.strip("$% .").replace(",", "").replace(".", "", 1).isdecimal() else None
    return str(value) if value is not None else " ".join(final.casefold().rstrip(". ").split())


def _hash(text: str) -> int:
    return int(content_id(text), 16)


def _opinion(item: Item, votes: np.ndarray) -> Opinion:
    if item.trace is None or not item.prompt.messages:
        return Opinion("nothing was asked, or answered", applies=False)
    found = result(item)
    if found is None:
        return Opinion("it does not say what it comes to")
    prompt, own = np.uint64(int(item.prompt_id, 16)), np.uint64(_hash(found))
    start, end = (int(np.searchsorted(votes[0], prompt, side)) for side in ("left", "right"))
    others = votes[1, start:end][votes[2, start:end] != np.uint64(int(item.id, 16))]
    if not len(others):
        return ALONE
    total, against = len(others) + 1, int((others != own).sum())
    return Opinion(f"{against} of {total} answers come to something else", against / total, evidence=found[:120])
