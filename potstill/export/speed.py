"""Tokens a second of greedy decoding, teacher and frozen students by turns: the same engine, machine and threads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import torch

from potstill.models import LocalModel, Sampling
from potstill.models.generation import Ask, generate
from potstill.models.scoring import Head
from potstill.text.chat import encode, render
from potstill.types import Finding, Prompt

TEACHER = "teacher"
BATCHES = (1, 16)
TOKENS = 48
"""New tokens a row: as many as this, whatever the network says, unless its context is shorter."""
PREFIX = 32
"""Tokens of a plain text that are continued."""
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Contender:
    """A network to be timed.

    Attributes:
        head: the network.
        prompts: token ids of what is continued, `max(BATCHES)` of them.
        context: positions that the network has; None for no limit.
        bytes_a_token: how much text a token stands for: tokens of different tokenizers are not the same work.
    """

    head: Head
    prompts: tuple[tuple[int, ...], ...]
    context: int | None
    bytes_a_token: float

    @classmethod
    def of(cls, model: LocalModel, prompts: Sequence[Prompt]) -> Contender | None:
        """The model on the first prompts that leave it room, taken again and again; None when there are none."""
        room = None if model.context is None else model.context - 1
        rows = [render(model.tokenizer, prompt, None).input_ids[: None if prompt.messages else PREFIX] for prompt in prompts]
        fitting = [row for row in rows if row and (room is None or len(row) <= room)][: max(BATCHES)]
        if not fitting:
            return None
        texts = [prompt.question or prompt.reference or "" for prompt in prompts]
        tokens = sum(len(encode(model.tokenizer, text)) for text in texts)
        cycled = tuple(fitting[i % len(fitting)] for i in range(max(BATCHES)))
        return cls(model.head, cycled, model.context, sum(len(text.encode()) for text in texts) / max(1, tokens))

    def frozen(self, head: Head) -> Contender:
        """The same with another network that reads the same tokens."""
        return replace(self, head=head)

    def rate(self, batch: int) -> float:
        """Tokens a second, the reading of the prompts included."""
        asks = [Ask(ids, str(i)) for i, ids in enumerate(self.prompts[:batch])]
        sampling = Sampling(temperature=0.0, max_new_tokens=TOKENS)
        started = time.perf_counter()
        drawn = generate(self.head, asks, sampling, end_ids=(), context=self.context, batch_size=batch)
        return sum(len(row[0].token_ids) for row in drawn) / (time.perf_counter() - started)


def speeds(contenders: Mapping[str, Contender]) -> list[Finding]:
    """Rates, and for each contender but the teacher the ratios of speed and of cost to it.

    The estimated cost is seconds a byte of text on the same machine: 1 / (tokens a second x bytes a token).
    """
    rates = _by_turns(contenders)
    by = f"median of {REPEATS} by turns, {torch.get_num_threads()} threads"
    found = []
    for (name, batch), measured in rates.items():
        group, rate = f"batch {batch}", median(measured)
        found.append(Finding("export", "tokens_per_second", name, group, rate, min(measured), max(measured), REPEATS, 0, "tokens/s", by))
        if name != TEACHER and TEACHER in contenders:
            found += _ratios(name, group, rate, median(rates[TEACHER, batch]), contenders)
    return found


def _by_turns(contenders: Mapping[str, Contender]) -> dict[tuple[str, int], list[float]]:
    """`REPEATS` rates of each contender and batch size; the first round warms up and is not counted."""
    rates: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in contenders for batch in BATCHES}
    for repeat in range(REPEATS + 1):
        for (name, batch), measured in rates.items():
            rate = contenders[name].rate(batch)
            if repeat:
                measured.append(rate)
    return rates


def _ratios(name: str, group: str, rate: float, teachers: float, contenders: Mapping[str, Contender]) -> Iterator[Finding]:
    yield Finding("export", "speed_ratio", name, group, rate / teachers, n=REPEATS, unit="ratio", by="tokens a second, format / teacher")
    cost = (teachers * contenders[TEACHER].bytes_a_token) / (rate * contenders[name].bytes_a_token)
    yield Finding(
        "export", "cost_ratio", name, group, cost, n=REPEATS, unit="ratio", by="estimate: seconds a byte of text, format / teacher"
    )
