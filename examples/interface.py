"""The Python interface: a run from prompts to report. In a notebook the same lines work as they stand.

python examples/interface.py [RECIPE]
"""

from __future__ import annotations

import sys

import potstill as ps


def main(recipe: str) -> None:
    """Distil what the recipe says."""
    run = ps.Run.open(recipe)
    prompts = ps.prompts.gather(run)
    traces = ps.generate.draw(run, prompts)
    kept = ps.filter.judge(run, traces)
    print(f"{len(kept.keep)} kept, {len(kept.hazard)} hazard, {len(kept.noise)} noise")
    student = ps.train.fit(run, kept)
    card = ps.evaluate.score(run, student)
    if card.passed:
        ps.export.write(run, student)
    ps.report.write(run, card)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "recipes/demo.toml")
