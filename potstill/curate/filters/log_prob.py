"""Answers whose log-probabilities cannot be, or are not what a teacher says of its own words."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import Excess
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring
from potstill.registry import part

IMPOSSIBLE = 1000.0
"""The score of what cannot be: it is no matter of degree."""
ROUNDING = 5e-4
"""How far a stored probability may be from what the teacher said, with room for its own rounding (`potstill.models.rounding`)."""
FLOOR = -9990.0
"""At or below it a log-probability is a server's stand-in for minus infinity, as vLLM's -9999."""
END = 16
"""Tokens of the end that are looked at by themselves, in answers at least twice as long."""


class LogProbSettings(FilterSettings):
    """Settings of the filter `log_prob`.

    Attributes:
        threshold: how many times one of the limits from which on an answer is put aside.
        whose: `drawer`: what the answer's own teacher expected; `all`: what the others of a committee expected too.
        most: nats a token that an answer may have on average.
        least: nats a token that it must have; fewer are of a text known by heart, or of a server that gives zeros. 0: any.
        end: nats a token that its last 16 tokens may have, where they are also three times the rest's: the answer falls apart.
    """

    threshold: float = 1.0
    whose: Literal["drawer", "all"] = "drawer"
    most: float = Field(5.0, gt=0)
    least: float = Field(0.0, ge=0)
    end: float = Field(4.0, gt=0)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least = {self.least} is more than most = {self.most}")
        return self


@part("filter", "log_prob", version="1")
class LogProbFilter:
    """Answers with log-probabilities that cannot be, or far from what a teacher says of what it means, are noise.

    The score is 1000 for what cannot be: a number that is none, a probability above 1, one at a server's floor, likeliest tokens out of
    order or with more mass than 1. Else it is the largest ratio to a limit of the mean nats a token, of its inverse, and of those at the
    answer's end. Without log-probabilities an answer cannot be judged.
    """

    Settings: ClassVar[type[FilterSettings]] = LogProbSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer", "scorings"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: LogProbSettings, context: Context) -> None:
        self._settings = settings

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is the tokens, and the text that they stand for where that is known."""
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Answers with made-up log-probabilities, one thing wrong with each; clean ones have none that could be spoilt."""
        for item in clean:
            if item.trace is not None:
                for kind, outlook in _spoilt(_sound(rng), self._settings, rng).items():
                    scoring = Scoring(item.trace_id, item.trace.teacher_id, "sampled", outlook)
                    yield Fault(kind, replace(item, scorings=(scoring,)))

    def _opinion(self, item: Item) -> Opinion:
        if item.trace is None:
            return Opinion("there is no answer", applies=False)
        drawer = item.trace.teacher_id
        heard = [one for one in item.scorings if len(one.outlook) and (self._settings.whose == "all" or one.teacher_id == drawer)]
        if not heard:
            return Opinion("there are no log-probabilities")
        doubts = [(doubt, scoring) for scoring in heard for doubt in _doubts(scoring.outlook, self._settings)]
        worst, scoring = max(doubts, key=lambda pair: pair[0].score)
        return _told(worst, item.trace.text, scoring.token_ends or item.trace.token_ends)


def _told(found: Excess, text: str, ends: Sequence[int]) -> Opinion:
    """The opinion, with the text of the tokens where their ends are known."""
    if not ends or found.end > len(ends) or found.start == found.end:
        tokens = f"tokens {found.start} to {found.end}" if found.end else ""
        return Opinion(found.what, found.score, evidence=tokens)
    raw = text.encode()
    start, end = (len(raw[: ends[place - 1] if place else 0].decode(errors="ignore")) for place in (found.start, found.end))
    return Opinion(found.what, found.score, evidence=text[start:end][:120], within="answer", start=start, end=end)


def _doubts(seen: Outlook, settings: LogProbSettings) -> Iterator[Excess]:
    """What may be wrong, the mean first."""
    impossible = list(_impossible(seen))
    if impossible:
        yield from impossible
        return
    nats = -seen.log_p.astype(np.float64)
    mean, steps = float(nats.mean()), len(nats)
    yield Excess(f"{mean:.2f} nats a token", mean / settings.most, 0, steps)
    if settings.least:
        yield Excess(f"only {mean:.2g} nats a token", min(settings.least / max(mean, 1e-9), IMPOSSIBLE - 1), 0, steps)
    if steps >= 2 * END:
        before, last = float(nats[:-END].mean()), float(nats[-END:].mean())
        if last >= 3 * before:
            yield Excess(f"{last:.2f} nats a token at its end, {before:.2f} before", last / settings.end, steps - END, steps)


def _impossible(seen: Outlook) -> Iterator[Excess]:
    """What cannot be, with the first token of which it holds."""
    faults: dict[str, np.ndarray] = {
        "a log-probability is no number": np.isnan(seen.log_p),
        "a probability is above 1": seen.log_p > ROUNDING,
        "a token has a server's floor for its log-probability": seen.log_p <= FLOOR,
    }
    if seen.support_ids.shape[-1] and len(seen.support_ids) == len(seen):
        kept = seen.support_ids >= 0
        p = np.where(kept, np.exp(seen.support_log_p.astype(np.float64)), 0.0)
        room = (kept.sum(-1) + 1) * ROUNDING
        unknown = (np.isnan(seen.support_log_p) & kept).sum(-1) + np.isnan(seen.tail_mass)
        faults["the likeliest tokens have a number that is none"] = unknown > 0
        faults["the likeliest tokens have a mass above 1"] = p.sum(-1) + seen.tail_mass > 1 + room
        faults["the tail has a negative mass"] = seen.tail_mass < -ROUNDING
        if seen.codec == "top_k":
            faults["the likeliest tokens are out of order"] = (np.diff(p, axis=-1) > 2 * ROUNDING).sum(-1) > 0
    for what, where in faults.items():
        if where.any():
            start = int(where.argmax())
            yield Excess(what, IMPOSSIBLE, start, start + 1)


def _sound(rng: random.Random) -> Outlook:
    """A likely outlook: 40 tokens that a teacher is mostly sure of, with the four likeliest and their tail."""
    draw = np.random.default_rng(rng.randrange(2**32))
    p = np.sort(draw.dirichlet([20.0, 2.0, 1.0, 0.5, 0.5], 40), axis=-1)[:, ::-1]
    ids = np.tile(np.arange(4, dtype=np.int32), (40, 1))
    log_p = np.log(p[:, :4]).astype(np.float32)
    return Outlook(log_p[:, 0], np.ones(40, np.int32), ids, log_p, p[:, 4].astype(np.float32))


def _spoilt(sound: Outlook, settings: LogProbSettings, rng: random.Random) -> dict[str, Outlook]:
    """Kind of fault -> a sound outlook with it."""
    place = rng.randrange(len(sound))
    spoilt = {"floor": -9999.0, "above one": 0.5, "no number": float("nan")}
    found = {kind: replace(sound, log_p=_with(sound.log_p, place, value)) for kind, value in spoilt.items()}
    found["mass"] = replace(sound, tail_mass=_with(sound.tail_mass, place, 0.9))
    turned = sound.support_log_p.copy()
    turned[place] = turned[place, ::-1]
    found["order"] = replace(sound, support_log_p=turned)
    found["unlikely"] = replace(sound, log_p=(sound.log_p - 2 * settings.most).astype(np.float32))
    end = sound.log_p.copy()
    end[-END:] -= 2 * settings.end
    found["end"] = replace(sound, log_p=end)
    return found


def _with(values: np.ndarray, place: int, value: float) -> np.ndarray:
    changed = values.copy()
    changed[place] = value
    return changed
