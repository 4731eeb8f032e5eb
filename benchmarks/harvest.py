"""Harvesting: bytes a token on disk, reading them back, drawing with a signal and without, an endpoint's client, a million prompts.

    python benchmarks/harvest.py [--quick] [--only PART ...]

`bytes_k20`, `bytes_k64`, `bytes_sampled12` are a token's bytes in the Parquet file at a vocabulary of 151,936 (a synthetic teacher: see
`harvest_parts/synthetic.py`), and `max_prob_error` the largest error of a probability that comes back. `read_positions_per_s` are top-20
positions read into arrays, on one core. `overhead_vs_generate` is the time of `generate` that keeps the top 20 and their tail over the same
that keeps nothing; `speed_vs_output_logits` the time of transformers' `generate(output_logits=True)` and a top-k behind it, over ours.
`requests_per_s` is the client with its ledger on a disk against a server that answers at once, `latency_bound_share` the share of the ideal
rate with 64 in flight against one that takes 50 ms. With `--only` the other parts' figures stay as they were kept last.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from common import RESULTS, keep
from harvest_parts import client, local, million, storing

PARTS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "bytes": storing.measure_bytes,
    "reading": storing.measure_reading,
    "generate": local.measure_generate,
    "client": client.measure,
    "million": million.measure,
}
KEYS = (
    "bytes_k20",
    "bytes_k64",
    "bytes_sampled12",
    "max_prob_error",
    "read_positions_per_s",
    "overhead_vs_generate",
    "speed_vs_output_logits",
    "requests_per_s",
    "latency_bound_share",
)


def main() -> None:
    """Measure the parts and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller tables, fewer repeats, twenty thousand prompts")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to measure")
    options = parser.parse_args()
    path = RESULTS / f"harvest{'.quick' if options.quick else ''}.json"
    before = json.loads(path.read_text())["parts"] if path.is_file() else {}
    parts = before | {name: PARTS[name](options.quick) for name in options.only}
    figures = {key: value for part in parts.values() for key, value in part.items() if key in KEYS}
    for key in KEYS:
        print(f"{key:<24}{figures.get(key, float('nan')):>14.6g}")
    keep("harvest", figures, seeds=[0], threads=1, published={"distillkit_bytes": {"k50": 114, "k128": 300}}, parts=parts)


if __name__ == "__main__":
    main()
