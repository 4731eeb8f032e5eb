"""Does `compare-teachers` pick the better of the world's four teachers, for three recipes that want different ones?

    python studies/compare_teachers.py [--quick]

The recipes: `arithmetic` (what recipes/demo.toml wants: reasoning, no hazard), `selective` (what recipes/selective.toml wants: skill,
harmless twins, and nothing sealed given away) and `careful` (logic, long sums and formats, and caution that suits the risk on ambiguous
requests). Each is compared three times on 150 prompts of each kind, drawn with another seed each time. Which teacher is better in truth
is told by 400 of each kind from yet another seed: its `merit` there, and `regret`, the best one's merit less that of the one picked.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from common import ROOT, keep

from potstill.compare import Comparison, compare_teachers
from potstill.compare.differences import difference
from potstill.recipe import load

TEACHERS = ("world:base", "world:aligned", "world:math", "world:safety")
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "arithmetic": ("demo", ("carry_addition,chain_arithmetic,word_problem,reverse_list,count_words",)),
    "selective": ("selective", ("carry_addition,reverse_list,count_words", "twins", "hazard")),
    "careful": ("selective", ("chain_arithmetic,ordering,format", "ambiguous")),
}
"""Recipe -> the file that it is made from, and the groups of skills that it measures on."""
SEEDS = (11, 12, 13)
HAZARDS = 450
"""Most hazards that are drawn; those of half B are not asked for."""
TRUTH = 1011
"""The seed of the prompts that tell which teacher is better in truth."""


def main() -> None:
    """Compare, and keep who was picked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer prompts, one seed")
    quick = parser.parse_args().quick
    seeds, items, more = (SEEDS[:1], 60, 90) if quick else (SEEDS, 150, 400)
    told = {name: study(name, seeds, items, more) for name in SOURCES}
    figures = {f"{name}_{key}": one[key] for name, one in told.items() for key in ("picks", "best", "largest_regret")}
    keep("compare_teachers", figures, seeds=[*seeds, TRUTH], items=items, items_of_truth=more, recipes=told)


def study(name: str, seeds: tuple[int, ...], items: int, more: int) -> dict[str, Any]:
    """The picks for one recipe, and what they are worth."""
    truth = compared(name, TRUTH, more)
    merits = {one.candidate.name: one.merit for one in truth.performances}
    best = max(merits, key=lambda who: merits[who] or 0.0)
    marks = {one.candidate.name: one.marks for one in truth.performances}
    lead = {who: asdict(difference(marks[best], marks[who])) for who in merits if who != best}
    found = [compared(name, seed, items) for seed in seeds]
    picks = [one.recommendation.name or "none" for one in found]
    regrets = [(merits[best] or 0.0) - (merits.get(pick) or 0.0) for pick in picks]
    print(f"{name}: picked {', '.join(picks)}; in truth {best}: {merits}")
    comparisons = [one.facts() for one in found]
    return {
        "picks": picks,
        "best": best,
        "largest_regret": max(regrets),
        "merits": merits,
        "lead_of_best": lead,
        "comparisons": comparisons,
    }


def compared(name: str, seed: int, items: int) -> Comparison:
    """The comparison of the four teachers on a recipe's prompts of a seed."""
    file, groups = SOURCES[name]
    counts = {group: min(3 * items, HAZARDS) if group == "hazard" else items for group in groups}
    sources = ",".join(f'"world:{group}?n={count}"' for group, count in counts.items())
    changes = [f"evaluate.sources=[{sources}]", 'evaluate.suites=["capability"]', f"seed={seed}", "generate.batch_size=256"]
    recipe = load(ROOT / "recipes" / f"{file}.toml", [*changes, "evaluate.limits={}"])
    return compare_teachers(recipe, TEACHERS, items)


if __name__ == "__main__":
    main()
