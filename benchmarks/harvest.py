"""Harvesting: bytes a token on disk, reading them back, drawing with a signal and without, an endpoint's client, a million prompts.

    python benchmarks/harvest.py [--quick] [--only PART ...]

`bytes_k20`, `bytes_k64`, `bytes_sampled12` are a token's bytes in the Parquet file at a vocabulary of 151,936 (a synthetic teacher: see
`harvest_parts/synthetic.py`), and `max_prob_error` the largest error of a probability that comes back. `read_positions_per_s` are top-20
positions read into arrays, on one core. `overhead_vs_generate` is the time of `generate` that keeps the top 20 and their tail over the same
that keeps nothing; `speed_vs_output_logits` the time of transformers' `generate(output_logits=True)` and a top-k behind it, over ours.
`requests_per_s` is the client with its ledger on a disk against a server that answers at once, `latency_bound_share` the share of the ideal
rate with 64 in flight against one that takes 50 ms. With `--only` the other parts' figures stay as they were kept last; each part tells
the commit that it was measured at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from common import RESULTS, Aim, keep, origin
from harvest_parts import client, local, million, storing

PARTS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "bytes": storing.measure_bytes,
    "reading": storing.measure_reading,
    "generate": local.measure_generate,
    "client": client.measure,
    "million": million.measure,
}
AIMS = {
    "bytes_k20": Aim(at_most=60),
    "bytes_k64": Aim(at_most=180),
    "bytes_sampled12": Aim(at_most=30),
    "max_prob_error": Aim(at_most=2e-4),
    "read_positions_per_s": Aim(at_least=2e6),
    "overhead_vs_generate": Aim(at_most=1.25),
    "speed_vs_output_logits": Aim(at_least=2),
    "requests_per_s": Aim(at_least=1000),
    "latency_bound_share": Aim(at_least=0.9),
}


def main() -> None:
    """Measure the parts and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller tables, fewer repeats, twenty thousand prompts")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to measure")
    options = parser.parse_args()
    path = RESULTS / f"harvest{'.quick' if options.quick else ''}.json"
    before = json.loads(path.read_text())["parts"] if path.is_file() else {}
    parts = before | {name: _measured(name, options.quick) for name in options.only}
    figures = {key: value for part in parts.values() for key, value in part.items() if key in AIMS}
    for key in AIMS:
        print(f"{key:<24}{figures.get(key, float('nan')):>14.6g}")
    keep("harvest", figures, aims=AIMS, seeds=[0], threads=1, published={"distillkit_bytes": {"k50": 114, "k128": 300}}, parts=parts)


def _measured(name: str, quick: bool) -> dict[str, Any]:
    """The figures of a part, with where and when they were measured."""
    return {**PARTS[name](quick), **origin(threads=1)}


if __name__ == "__main__":
    main()
