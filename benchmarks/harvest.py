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
from pathlib import Path
from typing import Any

from common import RESULTS, keep
from harvest_parts import client, local, million, storing

from potstill.store.environment import code_revision

PARTS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "bytes": storing.measure_bytes,
    "reading": storing.measure_reading,
    "generate": local.measure_generate,
    "client": client.measure,
    "million": million.measure,
}
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "06_teachers.md"
BEGIN, END = "<!-- harvest:begin (filled from benchmarks/results/harvest.json) -->", "<!-- harvest:end -->"
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
    parts = before | {name: {**PARTS[name](options.quick), "commit": code_revision()} for name in options.only}
    figures = {key: value for part in parts.values() for key, value in part.items() if key in KEYS}
    for key in KEYS:
        print(f"{key:<24}{figures.get(key, float('nan')):>14.6g}")
    if not options.quick:
        _write_down(figures, parts)
    keep("harvest", figures, seeds=[0], threads=1, published={"distillkit_bytes": {"k50": 114, "k128": 300}}, parts=parts)


def _write_down(figures: dict[str, float], parts: dict[str, Any]) -> None:
    """Put the table into the document on teachers."""
    if set(KEYS) - figures.keys() or PARTS.keys() - parts.keys():
        return
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest[rest.index(END) :]
    table = "\n".join(f"| {' | '.join(row)} |" for row in _table(figures, parts))
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{after}", encoding="utf-8")


def _table(figures: dict[str, float], parts: dict[str, Any]) -> list[tuple[str, str, str]]:
    k20, k64, sampled = (
        ", ".join(
            f"{parts['bytes']['vocabularies'][v][name]['bytes']:.1f}"
            for v in ("512", "32000", "151936")
            if v in parts["bytes"]["vocabularies"]
        )
        for name in ("k20", "k64", "sampled12")
    )
    million = parts["million"]
    tenth, whole, growth = million["tenth"], million["whole"], million["peak_growth_mib"]
    times = ", ".join(
        f"{step} {tenth[step]['seconds_per_100k']:.0f} and {whole[step]['seconds_per_100k']:.0f} s" for step in ("generate", "filter")
    )
    memory = ", ".join(f"{step} {growth[step]:+.0f} MiB" for step in ("generate", "filter", "query"))
    reading = parts["reading"]["read_memory_mib"]
    wider = ", ".join(f"{its['speed_vs_output_logits']:.2f}x" for its in parts["generate"]["generate_wider"].values())
    alone = parts["client"]["details"]["medians"]["late_aiohttp_alone"]
    return [
        ("figure", "to reach", "measured"),
        ("---", "---", "---"),
        ("bytes a token, top 20 and tail, at vocabularies 512 (stories260K), 32,000, 151,936 (synthetic)", "at most 60 at 151,936", k20),
        ("the same, top 64 and tail (DistillKit tells 114 for k = 50, 300 for k = 128)", "at most 180", k64),
        ("the same, 12 draws", "at most 30", sampled),
        ("largest error of a probability", "2e-4", f"{figures['max_prob_error']:.2e}"),
        ("top-20 positions read into arrays, a second and core", "2 million", f"{figures['read_positions_per_s'] / 1e6:.2f} million"),
        ("memory of reading, at 1x and 10x the rows", "flat", f"{reading['1x']['median']:.0f} and {reading['10x']['median']:.0f} MiB"),
        ("`generate` that keeps the top 20, over the same that keeps nothing", "at most 1.25x", f"{figures['overhead_vs_generate']:.2f}x"),
        (
            "`generate(output_logits=True)` of transformers and a top-k behind it, over ours (vocabulary 32,000, hidden 128, 4 layers)",
            "at least 2x",
            f"{figures['speed_vs_output_logits']:.2f}x",
        ),
        ("the same at hidden 256 and 512, where more of the time is the network's own", "", wider),
        ("endpoint client, requests a second, ledger on a disk", "1,000", f"{figures['requests_per_s']:,.0f}"),
        (
            "64 in flight against 50 ms, share of the ideal rate (aiohttp alone, with no ledger, in the same run)",
            "0.9",
            f"{figures['latency_bound_share']:.3f} ({alone:.3f})",
        ),
        ("a million prompts with the fake teacher, killed once: time for 100,000, of a tenth and of the whole", "linear", times),
        ("the same: memory of the whole above that of a tenth", "flat", memory),
    ]


if __name__ == "__main__":
    main()
