"""Filters: near duplicates, contamination, verdicts decided anew, the refusal detector, and the domain filter on hazards.

    python benchmarks/filters.py [--quick] [--only PART ...]

`dedupe_100k_s` are the seconds for 100,000 prompts of 120 words, `dedupe_vs_rensa` that over rensa's own way with the same texts, shingles,
permutations and bands, and `dedupe_peak_mib` the process's peak. `contamination_100k_s` are the seconds for 100,000 rows (prompt
and answer) against GSM8K's test set; `recall_…` of its items injected into real training rows: as they are, between other texts, with other
numbers, and told by their template; `false_positive_rate` on its real training set. `redecide_1m_s` are the seconds to decide a million
verdicts anew by another threshold. `refusal_…` are of the detector on answers of a model that it was not trained on, labelled by people.
`domain_…` are of the domain filter on requests for a hazard from families and sources that it did not learn from. With `--only` the other
parts' figures stay as they were kept last; each part tells the commit that it was measured at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from common import RESULTS, Aim, keep, origin
from filter_parts import contaminating, domain, duplicates, redeciding, refusing
from filter_parts.texts import DATA


def measure_domain(quick: bool) -> dict[str, Any]:
    """The domain filter's figures, with recall and precision on the world's hazard and on real safety prompts at the top."""
    found = domain.measure(DATA, quick=quick)
    sets = {"world": found["world"], "safety": found["advbench_and_half_of_xstest"]}
    top = {f"domain_{name}_{figure}": told[figure]["value"] for name, told in sets.items() for figure in ("recall", "precision")}
    return {**top, **found}


PARTS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "duplicates": duplicates.measure,
    "contamination": contaminating.measure,
    "redeciding": redeciding.measure,
    "refusal": refusing.measure,
    "domain": measure_domain,
}
FIGURES = {
    "dedupe_100k_s": Aim(at_most=10),
    "dedupe_vs_rensa": Aim(at_most=2),
    "dedupe_peak_mib": Aim(at_most=1024),
    "contamination_100k_s": Aim(at_most=20),
    "recall_verbatim": Aim(at_least=0.99),
    "recall_prefix_suffix": Aim(at_least=0.95),
    "recall_numbers": Aim(at_least=0.9),
    "recall_paraphrase": None,
    "false_positive_rate": Aim(at_most=0.005),
    "redecide_1m_s": Aim(at_most=10),
    "refusal_sensitivity": None,
    "refusal_specificity": None,
    "domain_world_recall": None,
    "domain_world_precision": None,
    "domain_safety_recall": None,
    "domain_safety_precision": None,
}


def main() -> None:
    """Measure the parts and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one repeat")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to measure")
    options = parser.parse_args()
    if not (DATA / "gsm8k").is_dir():
        parser.exit(1, f"no shared data at {DATA}: name their folder in POTSTILL_DATA\n")
    path = RESULTS / f"filters{'.quick' if options.quick else ''}.json"
    before = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.is_file() else {}
    parts = before | {name: {**PARTS[name](options.quick), **origin(threads=2)} for name in options.only}
    figures = {key: value for part in parts.values() for key, value in part.items() if key in FIGURES}
    for key in FIGURES:
        print(f"{key:<24}{figures.get(key, float('nan')):>14.6g}")
    aims = {key: aim for key, aim in FIGURES.items() if aim is not None}
    keep("filters", figures, aims=aims, seeds=[0], threads=2, parts=parts)


if __name__ == "__main__":
    main()
