"""How a test server differs from a well-behaved one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

FAULTS = ("429", "500", "timeout", "reset", "truncated", "missing")
"""Faults that pass: the same request may succeed when it is sent again."""

Body = dict[str, Any]


@dataclass(frozen=True)
class Behaviour:
    """What the server does beside answering truthfully.

    Attributes:
        share: of the requests that meet a fault that passes; decided by `seed`, the request and the attempt, so that it repeats.
        faults: which of `FAULTS`.
        seed: of the plan of faults.
        stall: seconds that a "timeout" takes before the server answers nothing.
        delay: seconds that every answer takes.
        key: the key that must be shown; None: none.
        max_logprobs: most outcomes that it gives; more are refused with 400. None: no limit.
        drop_logprobs: leaves log-probabilities out, with HTTP 200.
        no_ids: does not know the keys that ask for token ids, as a server that only looks like vLLM.
        collide: two tokens of the same text share a key, as in vLLM's completions without ids: one of them is lost.
        stale_cache: log-probabilities of a prompt whose beginning was read before (under the same `cache_salt`) are off.
        scaled: log-probabilities are those after division by the temperature, as with vLLM's `processed_logprobs`.
        double_bos: text is encoded with one BOS more than the model expects.
        ignores: parameters without effect: `seed`, `top_p`, `temperature`, `max_tokens`.
        floor: smallest log-probability, as -9999.0 of vLLM; None: none.
        reasoning: gives what stands between `<think>` and `</think>` in a field of this name.
        refuses: questions that hold this text are cut off with finish_reason `content_filter`.
        old_llama: `completion_probabilities` in llama.cpp's shape before December 2024: `probs` of `prob`, without ids.
        sampled_first: the likeliest tokens of every chat begin with the one that came, as vLLM's do, which is asked with keys of its own.
        ragged: SGLang's top log-probabilities come nested, as when rows differ in length.
    """

    share: float = 0.0
    faults: tuple[str, ...] = FAULTS
    seed: int = 0
    stall: float = 5.0
    delay: float = 0.0
    key: str | None = None
    max_logprobs: int | None = None
    drop_logprobs: bool = False
    no_ids: bool = False
    collide: bool = False
    stale_cache: bool = False
    scaled: bool = False
    double_bos: bool = False
    ignores: frozenset[str] = field(default_factory=frozenset)
    floor: float | None = None
    reasoning: str | None = None
    refuses: str | None = None
    old_llama: bool = False
    sampled_first: bool = False
    ragged: bool = False

    def fault(self, request: str, attempt: int) -> str | None:
        """The fault that the request's n-th attempt meets."""
        dice = random.Random(f"{self.seed}/{request}/{attempt}")
        return dice.choice(self.faults) if dice.random() < self.share else None


class RefusedError(Exception):
    """The server refuses a request: an HTTP status and a message."""

    def __init__(self, status: int, message: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind
