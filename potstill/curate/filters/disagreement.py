"""Answers of whose tokens the teachers of a committee expect different things."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from potstill.curate.apart import jensen_shannon
from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring
from potstill.registry import part

MEASURED = ("top_k", "sampled")
"""The codecs that keep outcomes; hidden states alone say nothing without the teacher's head."""


class DisagreementSettings(FilterSettings):
    """Settings of the filter `disagreement`: the threshold is in nats a token, of at most log 2 = 0.69 for two teachers."""

    threshold: float = 0.2


@part("filter", "disagreement", version="1")
class DisagreementFilter:
    """Answers at whose tokens a committee's teachers disagree are noise.

    The score is the Jensen-Shannon divergence of the teachers' distributions, over the outcomes that any of them kept and the rest, in
    nats, on average over the tokens. Teachers with other tokens than the drawer's are left out, and so are those that kept hidden states
    alone; with fewer than two an answer cannot be judged. It needs `generate.committee` and a `top_k`.
    """

    Settings: ClassVar[type[FilterSettings]] = DisagreementSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer", "scorings"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: DisagreementSettings, context: Context) -> None:
        pass

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is the token at which the teachers are furthest apart."""
        return [_opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Answers with made-up expectations of two and of three teachers, each sure of another token than the others."""
        for item in clean:
            if item.trace is not None:
                steps = rng.randint(4, 30)
                for kind, count in (("two teachers", 2), ("three teachers", 3)):
                    heard = tuple(
                        Scoring(item.trace_id, f"{number}", "teacher_forced", _sure_of(number, steps, rng)) for number in range(count)
                    )
                    yield Fault(kind, replace(item, scorings=heard))


def _opinion(item: Item) -> Opinion:
    if item.trace is None:
        return Opinion("there is no answer", applies=False)
    heard = sorted((one for one in item.scorings if _comparable(one)), key=lambda one: one.teacher_id)
    same = [one.outlook for one in heard if len(one.outlook) == len(heard[0].outlook)]
    if len(same) < 2:
        return Opinion("fewer than two teachers kept what they expected at its tokens")
    apart = jensen_shannon(same)
    furthest = int(apart.argmax())
    why = f"{len(same)} teachers are {apart.mean():.3f} nats a token apart"
    return Opinion(why, float(apart.mean()), evidence=f"token {furthest}: {apart[furthest]:.3f} nats")


def _comparable(scoring: Scoring) -> bool:
    """Whether it is of the answer's own tokens, and holds outcomes."""
    seen = scoring.outlook
    return not scoring.token_ids and seen.codec in MEASURED and len(seen) > 0 and seen.support_ids.shape[-1] > 0


def _sure_of(token: int, steps: int, rng: random.Random) -> Outlook:
    """A teacher that expects one token, with a little mass left for the rest."""
    left = rng.uniform(0.01, 0.05)
    log_p = np.full(steps, math.log1p(-left), np.float32)
    ids = np.full((steps, 1), token, np.int32)
    return Outlook(log_p, np.ones(steps, np.int32), ids, log_p[:, None], np.full(steps, left, np.float32))
