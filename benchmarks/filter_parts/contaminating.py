"""Contamination against GSM8K's test set: time for 100,000 rows, recall of injected items, false positives on the real training set.

The rows are the real training set and, beside it, chains of words that follow each other in it: questions of 45 words, answers of 75.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import Any

from common import Spread
from harvest_parts.memory import peak_mib

from filter_parts.texts import DATA, Chain, gsm8k
from potstill.curate.base import Context, Item
from potstill.curate.filters.contamination import ContaminationFilter, ContaminationSettings
from potstill.judges.shares import proportion
from potstill.types import Message, Prompt, Trace

WHOLE, QUICK, BATCH = 100_000, 10_000, 8192
REPEATS, SEEDS = 3, 5
ASKED, SAID = 45, 75


def measure(quick: bool) -> dict[str, Any]:
    """All figures, with their intervals and counts."""
    real = [_row(row["question"], row["answer"]) for row in gsm8k("train")]
    return {**_time(real, QUICK if quick else WHOLE, 1 if quick else REPEATS), **_errors(real, 1 if quick else SEEDS)}


def _filter() -> ContaminationFilter:
    settings = ContaminationSettings(against=(str(DATA / "gsm8k" / "test.jsonl"),), columns={"prompt": "question", "reference": "answer"})
    return ContaminationFilter(settings, Context())


def _row(question: str, answer: str) -> Item:
    prompt = Prompt((Message("user", question),))
    trace = Trace(prompt.id, "t", 0, answer)
    return Item(prompt.id, prompt, trace.id, trace)


def _time(real: list[Item], size: int, repeats: int) -> dict[str, Any]:
    """Seconds from the recipe to the last opinion, the test set's reading included."""
    rng = random.Random(0)
    asked, said = Chain(item.prompt.question for item in real), Chain(item.text for item in real)
    rows = [*real[: size // 2], *(_row(asked.text(ASKED, rng), said.text(SAID, rng)) for _ in range(size - min(len(real), size // 2)))]
    before, aside = peak_mib(), 0
    seconds, cpu = [], []
    for _ in range(repeats):
        start, used, one = time.perf_counter(), time.process_time(), _filter()
        found = [opinion for place in range(0, size, BATCH) for opinion in one.judge(rows[place : place + BATCH])]
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
        aside = sum((opinion.score or 0) >= ContaminationSettings().threshold for opinion in found)
    spread = Spread.of(second * WHOLE / size for second in seconds)
    words = sum(len(item.prompt.question.split()) + len(item.text.split()) for item in rows)
    return {
        "contamination_100k_s": spread.median,
        "seconds": spread.to_json(),
        "cpu_seconds": Spread.of(second * WHOLE / size for second in cpu).to_json(),
        "rows": size,
        "million_words_per_s": words / 1e6 / min(seconds),
        "mib_before": before,
        "peak_mib": peak_mib(),
        "rows_put_aside": aside,
    }


def _errors(real: list[Item], seeds: int) -> dict[str, Any]:
    one, bar = _filter(), ContaminationSettings().threshold
    injected: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for seed in range(seeds):
        faults = list(one.faults(real, random.Random(seed)))
        injected.update(fault.kind for fault in faults)
        opinions = one.judge([fault.item for fault in faults])
        caught.update(fault.kind for fault, opinion in zip(faults, opinions, strict=True) if (opinion.score or 0) >= bar)
    wrong = sum((opinion.score or 0) >= bar for opinion in one.judge(real))
    recall = {kind: _share(caught[kind], injected[kind]) for kind in injected}
    figures = {f"recall_{kind}": told["value"] for kind, told in recall.items()}
    return {**figures, "false_positive_rate": wrong / len(real), "recall": recall, "false_positives": _share(wrong, len(real))}


def _share(count: int, n: int) -> dict[str, Any]:
    estimate = proportion(count, n)
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": n}


if __name__ == "__main__":
    print(measure("--quick" in sys.argv))
