"""Teachers for the doctor: a small real model, and the same with one fault each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from potstill.doctor.patient import Patient
from potstill.errors import ModelError
from potstill.models import Answer, Given, Keep, LocalModel, Outlook, Sampling
from potstill.models.base import NOTHING
from potstill.types import Prompt
from tests.models.small import small_network, world_tokenizer

VOCABULARY = 640


@cache
def small() -> LocalModel:
    """A network of two layers with random weights, that speaks the world's tokens."""
    return LocalModel.of(small_network(), world_tokenizer(), "small")


class Spoilt:
    """A model with a fault.

    Args:
        drawn: changes an answer that was drawn at these settings.
        scored: changes a scored text; the number says how many were scored before.
        heard: changes the settings before they are heard; the number says how many answers were drawn before.
        most: outcomes a position; more are refused.
        gives: what it admits to.
    """

    name = "spoilt"

    def __init__(
        self,
        *,
        drawn: Callable[[Answer, Sampling], Answer] = lambda answer, sampling: answer,
        scored: Callable[[Answer, int], Answer] = lambda answer, before: answer,
        heard: Callable[[Sampling, int], Sampling] = lambda sampling, before: sampling,
        most: int | None = None,
        gives: frozenset[str] | None = None,
    ) -> None:
        self.drawn, self.scored, self.heard, self.most = drawn, scored, heard, most
        self.gives = small().gives if gives is None else gives
        self.draws = self.scores = 0

    def identity(self) -> dict[str, str]:
        return {}

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        if self.most is not None and keep.size > self.most:
            raise ModelError(f"at most {self.most} log-probabilities", where=self.name, fix="ask for fewer")
        groups = small().draw(prompts, self.heard(sampling, self.draws), keep)
        self.draws += 1
        return [[self.drawn(answer, sampling) for answer in group] for group in groups]

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        found = [self.scored(answer, self.scores) for answer in small().score(texts, keep)]
        self.scores += 1
        return found


def patient(teacher: Any = None, **settings: Any) -> Patient:
    """A teacher that is being probed; by default the small model."""
    found = teacher or small()
    return Patient(found.name, lambda: found, **{"tokenizer": small().tokenizer, **settings})


def outlook(answer: Answer, **columns: Any) -> Answer:
    """The answer with other columns in what was expected."""
    return replace(answer, outlook=replace(answer.outlook, **columns))


def shifted(answer: Answer, nats: float) -> Answer:
    """All log-probabilities moved."""
    seen = answer.outlook
    return outlook(answer, log_p=seen.log_p + np.float32(nats), support_log_p=seen.support_log_p + np.float32(nats))


def silent(answer: Answer, *_: Any) -> Answer:
    """Without log-probabilities."""
    return replace(answer, outlook=Outlook())


def scaled(answer: Answer, sampling: Sampling) -> Answer:
    """Log-probabilities after division by the temperature; those of the outcomes kept stand for all."""
    if sampling.temperature in (0, 1):
        return answer
    log_p = answer.outlook.support_log_p / np.float32(sampling.temperature)
    return outlook(answer, support_log_p=log_p - np.log(np.exp(log_p).sum(-1, keepdims=True)))
