"""The loop against plain transformers and AdamW: tokens a second, side by side in one process, in turns.

    python benchmarks/loop.py [--quick] [--threads 2]

Both train a Llama of 0.84 million parameters (d = 128, 4 layers, vocabulary 512) on the same batches of 32 sequences of 128 tokens, with
the same fused AdamW. Plain is the shortest loop there is: `model(ids, labels=ids).loss.backward()`, a step, the gradients dropped; its
batches are made before its clock starts. Ours makes its batches, checks that loss and gradient are finite, clips, keeps metrics.
`loop_vs_plain` is the median over the rounds of ours over plain's, each round a block of one and a block of the other.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from common import Aim, Spread, keep, show
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from potstill.fit import Batch, EpochBatches, Example, FitSettings, Term, fit
from potstill.signal import Point
from potstill.signal.divergences.forward_kl import ForwardKL

VOCABULARY, LENGTH, ROWS, SEED = 512, 128, 32, 0
SETTINGS = {"lr": 1e-3, "betas": (0.9, 0.98), "weight_decay": 0.01}
Times = tuple[float, float]
"""Wall and CPU seconds."""


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    rounds = 3 if options.quick else options.rounds
    plain_network, our_network, source = network(), network(), batches()
    rates: dict[str, list[Times]] = {"plain": [], "potstill": []}
    for number in range(rounds + 1):
        rates["plain"].append(plain(plain_network, [b for step in range(options.steps) for b in source.batch(step)]))
        rates["potstill"].append(ours(our_network, source, options.steps))
        if number == 0:
            rates = {who: [] for who in rates}  # the first round warms up
    tokens = options.steps * ROWS * LENGTH
    ratios = [Spread.of(p[clock] / o[clock] for p, o in zip(rates["plain"], rates["potstill"], strict=True)) for clock in (0, 1)]
    speeds = {who: Spread.of(tokens / wall for wall, _ in times) for who, times in rates.items()}
    parameters = sum(p.numel() for p in our_network.parameters())
    show("Tokens a second", [{"loop": who, "tokens/s": str(speed)} for who, speed in speeds.items()])
    print(f"ours / plain: {ratios[0]}; by CPU seconds {ratios[1]}; {parameters} parameters")
    keep(
        "loop",
        {"loop_vs_plain": ratios[0].median, **{f"{who}_tokens_per_second": speed.median for who, speed in speeds.items()}},
        aims={"loop_vs_plain": Aim(at_least=0.85), "potstill_tokens_per_second": Aim(at_least=12_000)},
        seeds=[SEED],
        threads=options.threads,
        parameters=parameters,
        spread={
            "loop_vs_plain": ratios[0].to_json(),
            "loop_vs_plain_cpu": ratios[1].to_json(),
            **{w: s.to_json() for w, s in speeds.items()},
        },
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds, into loop.quick.json")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10, help="steps a block")
    return parser.parse_args()


def network() -> PreTrainedModel:
    """The same weights every time."""
    torch.manual_seed(SEED)
    sizes = {"hidden_size": 128, "intermediate_size": 336, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=LENGTH, tie_word_embeddings=True, **sizes)).train()


def batches() -> EpochBatches:
    """Sequences of random tokens that each fill a row."""
    ids = np.random.default_rng(SEED).integers(0, VOCABULARY, (20 * ROWS, LENGTH))
    return EpochBatches([Example(row, loss_from=1) for row in ids], length=LENGTH, rows=ROWS, seed=SEED)


def plain(model: PreTrainedModel, given: Sequence[Batch]) -> Times:
    """A block of steps without anything around them."""
    optimizer = torch.optim.AdamW(model.parameters(), fused=True, **SETTINGS)
    start = now()
    for batch in given:
        model(batch.input_ids, labels=batch.input_ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return since(start)


def ours(model: PreTrainedModel, source: EpochBatches, steps: int) -> Times:
    """A block of steps of the loop, from the end of its first step to the last but one: setting up and checkpoints come now and then."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        fit(model, source, cross_entropy, FitSettings(steps=steps + 2, schedule="constant", **SETTINGS), Path(folder), log=clock)
    return tuple(after - before for before, after in zip(clock.ticks[0], clock.ticks[steps], strict=True))  # type: ignore[return-value]


def cross_entropy(batch: Batch) -> list[Term]:
    return [Term("cross_entropy", Point(batch.target), ForwardKL(), batch.weight)]


class Clock:
    """A log that notes the time of every step."""

    def __init__(self) -> None:
        self.ticks: list[Times] = []

    def say(self, text: str) -> None:
        pass

    @contextmanager
    def task(self, name: str, total: int | None, unit: str) -> Iterator[Clock]:
        yield self

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.ticks.append(now())


def now() -> Times:
    return time.perf_counter(), time.process_time()


def since(start: Times) -> Times:
    wall, cpu = now()
    return wall - start[0], cpu - start[1]


if __name__ == "__main__":
    main()
