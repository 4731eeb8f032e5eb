"""The tiny real model behind a test server: it draws answers and gives log-probabilities, one token after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from potstill.models import LocalModel, Options, open_model
from potstill.text.chat import encode, render, start_ids
from potstill.text.spans import token_bytes
from potstill.types import Message, Prompt
from tests.endpoints.server.behaviour import Behaviour, Body, RefusedError

NAME = "tiny"
"""The name under which the server serves its model."""


@dataclass(frozen=True)
class Written:
    """A drawn answer.

    Attributes:
        token_ids: end token included.
        stopped: at an end token, else at the limit.
        log_p: [T, V] float64 of the distribution before each token.
    """

    token_ids: list[int]
    stopped: bool
    log_p: np.ndarray


class Network:
    """A model in a folder, as a server holds it."""

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        model = open_model(f"hf:{folder}", Options())
        assert isinstance(model, LocalModel)
        self.model, self.behaviour = model, behaviour
        self.tokenizer = model.tokenizer
        self.context = int(model.context or 0)
        self._read: dict[str, set[tuple[int, ...]]] = {}

    def log_p(self, token_ids: Sequence[int], temperature: float = 1.0) -> np.ndarray:
        """[T, V] float64: row t is the distribution after token t."""
        with torch.inference_mode():
            logits = self.model.network(torch.tensor([list(token_ids)])).logits[0].double() / temperature
            return torch.log_softmax(logits, -1).numpy()

    def write(self, prompt: Sequence[int], body: Body, limit: int) -> Written:
        """An answer to a prompt in tokens; `temperature`, `top_p` and `seed` are read from the body."""
        told = {name: value for name, value in body.items() if name not in self.behaviour.ignores}
        temperature, top_p = float(told.get("temperature", 1.0)), float(told.get("top_p", 1.0))
        self._check(prompt)
        dice = np.random.default_rng(told.get("seed"))
        ids, rows = list(prompt), []
        scale = temperature if self.behaviour.scaled and temperature > 0 else 1.0
        while len(ids) - len(prompt) < min(limit, self.context - len(prompt)):
            row = self.log_p(ids)[-1]
            ids.append(_choose(row, temperature, top_p, dice))
            rows.append(_normal(row / scale))
            if ids[-1] in self.model.end_ids:
                return Written(ids[len(prompt) :], True, np.stack(rows))
        return Written(ids[len(prompt) :], False, np.stack(rows))

    def read(self, prompt: Sequence[int], salt: str = "") -> np.ndarray:
        """[T - 1, V]: what the model expected at each token of the prompt but the first."""
        self._check(prompt)
        rows = self.log_p(prompt)[:-1]
        seen, whole = self._read.setdefault(salt, set()), tuple(prompt)
        if self.behaviour.stale_cache and any(whole[:8] == other[:8] for other in seen):
            rows = _normal(rows * 0.5)
        seen.add(whole)
        return rows

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Text in tokens, with BOS in front where the model has one (twice where the server errs so)."""
        begin = list(start_ids(self.tokenizer)) if special else []
        return [*begin * (2 if self.behaviour.double_bos else 1), *encode(self.tokenizer, text)]

    def chat(self, messages: Iterable[dict[str, Any]]) -> list[int]:
        """A conversation in tokens, through the chat template."""
        turns = tuple(Message(turn["role"], turn["content"]) for turn in messages)
        return list(render(self.tokenizer, Prompt(turns), None).input_ids)

    def text(self, token_ids: Sequence[int], *, special: bool = False) -> str:
        """Tokens as text."""
        return str(self.tokenizer.decode(list(token_ids), skip_special_tokens=not special))

    def bytes_of(self, token: int) -> bytes:
        """What a token stands for; a special token for its name."""
        return token_bytes(self.tokenizer)(token) or self.text([token], special=True).encode()

    def top(self, row: np.ndarray, k: int) -> list[tuple[int, float]]:
        """The k likeliest tokens of a row with their log-probabilities, held at the server's floor."""
        ids = np.argsort(-row, kind="stable")[:k]
        return [(int(i), self.floored(row[i])) for i in ids]

    def floored(self, log_p: float) -> float:
        """A log-probability as the server tells it."""
        return float(log_p) if self.behaviour.floor is None else max(float(log_p), self.behaviour.floor)

    def _check(self, prompt: Sequence[int]) -> None:
        if not prompt:
            raise RefusedError(400, "the prompt is empty")
        if len(prompt) >= self.context:
            what = f"This model's maximum context length is {self.context} tokens. However, your prompt has {len(prompt)} tokens."
            raise RefusedError(400, what)


def rank(row: np.ndarray, token_id: int) -> int:
    """The place of a token in a row, 1 for the likeliest."""
    return int((row > row[token_id]).sum()) + 1


def _choose(row: np.ndarray, temperature: float, top_p: float, dice: np.random.Generator) -> int:
    if temperature == 0:
        return int(row.argmax())
    p = np.exp(_normal(row / temperature))
    order = np.argsort(-p, kind="stable")
    before = np.cumsum(p[order]) - p[order]
    p[order[before >= top_p]] = 0.0
    return int(dice.choice(len(p), p=p / p.sum()))


def _normal(log_p: np.ndarray) -> np.ndarray:
    shifted = log_p - log_p.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
