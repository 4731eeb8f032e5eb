"""What every model is to potstill: something that answers prompts and scores texts. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from potstill.types import FinishReason, Prompt


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn.

    Attributes:
        n: answers a prompt.
        temperature: 0 is greedy, and then n must be 1, for all draws would be the same.
        top_p: nucleus: draw among the fewest most probable tokens whose mass reaches this.
        max_new_tokens: an answer that reaches it ends with `length`.
        seed: with a prompt's id and the draw's number it fixes the draw, whatever is drawn beside it.
    """

    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 1 or self.max_new_tokens < 1:
            raise ValueError(f"n and max_new_tokens are at least 1, not {self.n} and {self.max_new_tokens}")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"temperature is at least 0 and top_p in (0, 1], not {self.temperature} and {self.top_p}")
        if self.temperature == 0 and self.n > 1:
            raise ValueError(f"greedy draws (temperature 0) of one prompt are all the same: n must be 1, not {self.n}")


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is opened. Each kind takes what concerns it.

    Attributes:
        revision: branch, tag or commit on the hub.
        dtype: number type of the weights: `float32`, `bfloat16`, `float16`.
        remote_code: run the repository's own code; only with a revision.
        columns: for recorded answers: what is wanted -> the file's column.
        batch_size: rows a forward pass when answering.
    """

    revision: str | None = None
    dtype: str = "float32"
    remote_code: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    batch_size: int = 64


def _no_numbers() -> np.ndarray:
    return np.zeros(0, np.float32)


def _no_outcomes(kind: type[np.generic]) -> np.ndarray:
    return np.zeros((0, 0), kind)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One answer, or one scored text. Log-probabilities are the model's own: nats, temperature 1, whatever the sampling was.

    Attributes:
        text: special tokens left out.
        token_ids: [T] end token included; empty when the model gives none.
        finish_reason: `stop` at an end token, `length` at the limit.
        log_p: [T] float32, of each token of `token_ids`; empty when not given.
        topk_ids: [T, k] int32, most probable first; k = 0 when not given.
        topk_log_p: [T, k] float32.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason = "stop"
    log_p: np.ndarray = field(default_factory=_no_numbers)
    topk_ids: np.ndarray = field(default_factory=lambda: _no_outcomes(np.int32))
    topk_log_p: np.ndarray = field(default_factory=lambda: _no_outcomes(np.float32))


@runtime_checkable
class Teacher(Protocol):
    """A model that can be asked.

    Attributes:
        name: as in the recipe (`world:base`).
        gives: what it can tell: `text` (answers), `top_k` (token ids with top-k log-probabilities), `full` (its network, live).
    """

    name: str
    gives: frozenset[str]

    def identity(self) -> dict[str, str]:
        """What distinguishes it from every other teacher: digests, revision, licence."""
        ...

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, top_k: int = 0) -> list[list[Answer]]:
        """`sampling.n` answers to each prompt; they depend on the prompt, its id and `sampling`, not on what stands beside it."""
        ...

    def score(self, texts: Sequence[str], top_k: int) -> list[Answer]:
        """What the model expected at each token of each text, given the tokens before."""
        ...
