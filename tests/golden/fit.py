"""Twenty steps of the loop, kept as numbers: what a change of the mathematics would move. `python -m tests.golden.fit` keeps them anew."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import torch

from tests.fit import small

KEPT = Path(__file__).with_name("fit_20_steps.json")
COLUMNS = ("loss", "cross_entropy", "jsd", "grad_norm", "learning_rate")


def trajectory() -> dict[str, list[float]]:
    """column -> its value at each of twenty steps of a small student, two micro-batches a step."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        small.train(Path(folder), steps=20, batches=small.source(rows=2, accumulate=2), settings={"lr": 3e-2})
        table = pq.read_table(Path(folder) / "metrics.parquet")
    return {name: [float(f"{value:.7g}") for value in table[name].to_pylist()] for name in COLUMNS}


if __name__ == "__main__":
    KEPT.write_text(json.dumps(trajectory(), indent=1) + "\n")
