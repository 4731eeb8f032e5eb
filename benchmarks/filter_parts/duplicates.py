"""Near duplicates among 100,000 prompts of 120 words, of which a fifth are others with some words replaced; ours and rensa's own way.

Both begin with the texts and end with a word on each. Rensa's way is its quickest: shingles as strings, the matrix of minima, and which
rows share a band, batch by batch; the same shingles, permutations and bands as ours. It tells no pairs and counts no similarity. Every
measurement is a process of its own, the contestants taking turns: `python -m filter_parts.duplicates WHO FILE`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from common import Spread
from harvest_parts.memory import peak_mib

from filter_parts.texts import Chain, gsm8k, stories
from potstill.curate.base import Context, Item
from potstill.curate.filters.near_duplicate import NearDuplicateFilter, NearDuplicateSettings
from potstill.curate.minhash import SEED, Sketches
from potstill.curate.shingled import as_sets, jaccard, shingled
from potstill.types import Message, Prompt

HERE = Path(__file__).resolve().parents[1]
WHOLE, QUICK, WORDS, BATCH = 100_000, 10_000, 120, 8192
REPEATS = 3
EDITS = 12
SETTINGS = NearDuplicateSettings()


def measure(quick: bool) -> dict[str, Any]:
    """Seconds of both for 100,000 prompts, memory, and how many of the planted duplicates were found."""
    size = QUICK if quick else WHOLE
    with TemporaryDirectory() as place:
        path = Path(place) / "texts.parquet"
        texts, origin = _planted(size, seed=0)
        pq.write_table(pa.table({"text": texts}), path)
        runs = [{who: _child(who, path) for who in CONTESTANTS} for _ in range(1 if quick else REPEATS)]
        scores = np.array(json.loads(Path(f"{path}.scores").read_text()))
    seconds = {who: Spread.of(run[who]["seconds"] * WHOLE / size for run in runs) for who in CONTESTANTS}
    return {
        "dedupe_100k_s": seconds["ours"].median,
        "dedupe_vs_rensa": seconds["ours"].median / seconds["rensa"].median,
        "dedupe_peak_mib": max(run["ours"]["peak_mib"] for run in runs),
        "prompts": size,
        "seconds": {who: spread.to_json() for who, spread in seconds.items()},
        "cpu_seconds": {who: Spread.of(run[who]["cpu_seconds"] * WHOLE / size for run in runs).to_json() for who in CONTESTANTS},
        "peak_mib": {who: [run[who]["peak_mib"] for run in runs] for who in CONTESTANTS},
        "mib_before": [run["ours"]["mib_before"] for run in runs],
        "rensa_flags": runs[0]["rensa"]["flagged"],
        **_found(texts, origin, scores),
    }


def _planted(size: int, seed: int) -> tuple[list[str], list[int]]:
    """The texts, and of each the text that it was made of, or -1."""
    chain, rng = Chain([stories(), *(row["question"] for row in gsm8k("train"))]), random.Random(seed)
    texts: list[str] = []
    origin = []
    for place in range(size):
        origin.append(place - 1 if place % 5 == 4 else -1)
        made = chain.edited(texts[-1], 1 + place // 5 % EDITS, rng) if place % 5 == 4 else chain.text(WORDS, rng)
        texts.append(made)
    return texts, origin


def _found(texts: list[str], origin: list[int], scores: np.ndarray) -> dict[str, Any]:
    """Of the planted pairs, by their true similarity, how many have a score at the threshold or the floor; and how many else have one."""
    second = np.flatnonzero(np.array(origin) >= 0)
    one, other = (as_sets(shingled([texts[i] for i in places], SETTINGS.shingle)) for places in (second - 1, second))
    true, told = jaccard(one, other), np.maximum(scores[second], scores[second - 1])
    bands = {
        f"{low:.1f} to {low + 0.1:.1f}": {
            "planted": int(within.sum()),
            "found": int((told[within] > 0).sum()),
            "at the threshold": int((told[within] >= SETTINGS.threshold).sum()),
        }
        for low in (0.5, 0.6, 0.7, 0.8, 0.9)
        if (within := (true >= low) & (true < low + 0.1)).any()
    }
    rest = np.ones(len(texts), bool)
    rest[second] = rest[second - 1] = False
    above = (true >= SETTINGS.threshold) & (true < 1)  # the same text has the same id: it is one prompt
    recall = float((told[above] >= SETTINGS.threshold).mean())
    return {"planted": bands, "recall_at_threshold": recall, "others_at_threshold": int((scores[rest] >= SETTINGS.threshold).sum())}


def _child(who: str, path: Path) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "filter_parts.duplicates", who, str(path)], cwd=HERE, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _ours(texts: list[str], path: Path) -> Callable[[], dict[str, Any]]:
    prompts = [Prompt((Message("user", text),)) for text in texts]
    items = [Item(prompt.id, prompt) for prompt in prompts]

    def work() -> dict[str, Any]:
        one = NearDuplicateFilter(SETTINGS, Context())
        for start in range(0, len(items), BATCH):
            one.collect(items[start : start + BATCH])
        scores = [opinion.score for start in range(0, len(items), BATCH) for opinion in one.judge(items[start : start + BATCH])]
        Path(f"{path}.scores").write_text(json.dumps(scores))
        return {"flagged": sum(score is not None and score > 0 for score in scores)}

    return work


def _rensa(texts: list[str], path: Path) -> Callable[[], dict[str, Any]]:
    import rensa

    sketches = Sketches(SETTINGS.shingle, SETTINGS.permutations, SETTINGS.floor)

    def work() -> dict[str, Any]:
        lsh = rensa.RMinHashLSH(SETTINGS.threshold, sketches.permutations, sketches.permutations // sketches.band)
        flagged = 0
        for start in range(0, len(texts), BATCH):
            sets = [_strings(text, sketches.shingle) for text in texts[start : start + BATCH]]
            matrix = rensa.RMinHash.digest_matrix_from_token_sets(sets, sketches.permutations, SEED)
            flagged += sum(lsh.insert_matrix_and_query_duplicate_flags(matrix, start))
        return {"flagged": flagged}

    return work


def _strings(text: str, shingle: int) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[place : place + shingle]) for place in range(len(words) - shingle + 1)]


CONTESTANTS = {"ours": _ours, "rensa": _rensa}


def main() -> None:
    """One measurement, in a process of its own."""
    who, path = sys.argv[1], Path(sys.argv[2])
    work = CONTESTANTS[who](pq.read_table(path)["text"].to_pylist(), path)
    mib, start, before = peak_mib(), time.perf_counter(), os.times()
    told = work()
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": cpu, "mib_before": mib, "peak_mib": peak_mib(), **told}))


if __name__ == "__main__":
    main()
