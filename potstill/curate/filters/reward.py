"""Answers that a judge scores too low."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from pydantic import Field

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import saying
from potstill.judges import BatchJudge, open_judge
from potstill.registry import part
from potstill.text.answers import final_answer


class RewardSettings(FilterSettings):
    """Settings of the filter `reward`.

    Attributes:
        threshold: an answer with a lower score is put aside; scores lie in [0, 1], but for reward models of one unbounded number.
        judge: who scores: `reward:world`, `reward:hf:PATH`, `reward:http…`, `callable:M:F`, `answer` or a judge.
    """

    judge: str = Field(min_length=1)


@part("filter", "reward", version="1")
class RewardFilter:
    """Answers that a reward model, or another judge, scores below a threshold are noise; one that it does not score is not judged.

    Requests to a judge behind a server go through the run's ledger: what was paid is not paid again, whatever is judged anew.
    """

    Settings: ClassVar[type[FilterSettings]] = RewardSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "below"

    def __init__(self, settings: RewardSettings, context: Context) -> None:
        self._name, self._context = settings.judge, context

    def identity(self) -> dict[str, str]:
        """What distinguishes the judge from every other.

        Raises:
            RecipeError: there is no such judge.
            ModelError: it cannot be found or used.
        """
        return {f"judge {name}": fact for name, fact in self._judge.identity().items()}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; all of them are given to the judge together.

        Raises:
            ModelError: the judge cannot be found or used, or a server's budget is spent.
        """
        asked = [item for item in items if _is_asked(item)]
        scores = iter(self._judge.scores([(item.prompt, item.text) for item in asked]) if asked else ())
        return [self._opinion(next(scores)) if _is_asked(item) else Opinion("nothing was asked", applies=False) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean prompts with the answer to another of them, of another skill where there are several, that comes to something else."""
        asked = [item for item in clean if _is_asked(item)]
        several = len({item.prompt.skill for item in asked}) > 1
        for item in asked:
            other = rng.choice(asked)
            apart = other.text != item.text and (final_answer(other.text) or other.text) != (final_answer(item.text) or item.text)
            if apart and (other.prompt.skill != item.prompt.skill or not several):
                yield Fault("another's answer", saying(item, other.text))

    def _opinion(self, score: float | None) -> Opinion:
        name = self._judge.name
        return Opinion(f"{name} could not judge it" if score is None else f"worth {score:.3g} by {name}", score)

    @cached_property
    def _judge(self) -> BatchJudge:
        return open_judge(self._name, f"{self._context.where}.judge", self._context.spending)


def _is_asked(item: Item) -> bool:
    return item.trace is not None and bool(item.prompt.messages)
