"""Does `compare-teachers` pick the better of the world's four teachers, for three recipes that want different ones?

    python studies/compare_teachers.py [--quick]

The recipes: `arithmetic` (what recipes/demo.toml wants: reasoning, no hazard), `selective` (what recipes/selective.toml wants: skill,
harmless twins, and nothing sealed given away) and `careful` (logic, long sums and formats, and caution that suits the risk on ambiguous
requests). Each is compared three times on 150 prompts of each kind, drawn with another seed each time. A pick is `clear` where the tool
finds every other teacher clearly worse, and `tied` where it does not and picks among equals by cost, size, leaks and merit. `picked_best`
counts the picks that are the best in truth, and `picked_best_clear` those of them that were clear: only these show that the tool can tell
teachers apart. A tied pick that is the best in truth may be luck.

Which teacher is best in truth is told by prompts from yet another seed, up to 400 of each kind, without those that any of the comparisons
asked: its `merit` there, and `regret`, the best one's merit less that of the one picked. The world has few hazards and twins, so less is
left of them: `n_of_truth` says how many of each kind. For the whole study that is 399 capability prompts (arithmetic); 398 capability
prompts, 52 hazards and 285 twins (selective); 388 capability prompts and 301 ambiguous ones (careful). `truth` says whether the best is
clearly the best on them. Three seeds a recipe are three draws from one small world, not three recipes.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from common import ROOT, keep

from potstill.compare import compare_teachers
from potstill.compare.asked import prompts_of
from potstill.compare.deciding import Performance, decide
from potstill.compare.differences import difference
from potstill.recipe import Recipe, load

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
    keep("compare_teachers", figures(told), seeds=[*seeds, TRUTH], items=items, items_of_truth=more, recipes=told)


def figures(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is quoted: over all recipes how many picks were the best and how many of these were clear, then recipe by recipe."""
    verdicts = [verdict for one in told.values() for verdict in one["verdicts"]]
    picked = [verdict for one in told.values() for verdict, pick in zip(one["verdicts"], one["picks"], strict=True) if pick == one["best"]]
    found = {"compared": len(verdicts), "clear": verdicts.count("clear"), "tied": verdicts.count("tied")}
    found |= {"picked_best": len(picked), "picked_best_clear": picked.count("clear")}
    keys = ("picks", "verdicts", "best", "truth", "n", "n_of_truth", "largest_regret")
    return {**found, **{f"{name}_{key}": one[key] for name, one in told.items() for key in keys}}


def study(name: str, seeds: tuple[int, ...], items: int, more: int) -> dict[str, Any]:
    """The picks for one recipe, whether they were clear, and what they are worth on prompts that none of them asked."""
    recipes = [recipe_of(name, seed, items) for seed in seeds]
    found = [compare_teachers(recipe, TEACHERS, items) for recipe in recipes]
    asked = {prompt.id for recipe in recipes for mine in prompts_of(recipe, items).values() for prompt in mine}
    truth = on_others(recipe_of(name, TRUTH, more), more, asked)
    merits = {one.candidate.name: one.merit or 0.0 for one in truth}
    best = max(merits, key=lambda who: merits[who])
    marks = {one.candidate.name: one.marks for one in truth}
    picks = [one.recommendation.name or "none" for one in found]
    verdicts = [said(one.recommendation.clear) for one in found]
    shown = ", ".join(f"{pick} ({verdict})" for pick, verdict in zip(picks, verdicts, strict=True))
    left = {kind: len(mine) for kind, mine in marks[best].items()}
    print(f"{name}: picked {shown}; in truth {best} ({said(decide(truth).clear)}) on {left}: {merits}")
    return {
        "picks": picks,
        "verdicts": verdicts,
        "best": best,
        "truth": said(decide(truth).clear),
        "n": [dict(one.asked) for one in found],
        "n_of_truth": left,
        "largest_regret": max(merits[best] - merits.get(pick, 0.0) for pick in picks),
        "merits": merits,
        "lead_of_best": {who: asdict(difference(marks[best], marks[who])) for who in merits if who != best},
        "comparisons": [one.facts() for one in found],
    }


def said(clear: bool) -> str:
    """The tool's own decision in a word."""
    return "clear" if clear else "tied"


def on_others(recipe: Recipe, items: int, asked: Collection[str]) -> list[Performance]:
    """The four teachers on the recipe's prompts, those left out whose ids are in `asked`."""
    kept = {kind: [prompt.id not in asked for prompt in mine] for kind, mine in prompts_of(recipe, items).items()}
    whole = compare_teachers(recipe, TEACHERS, items)
    return [
        replace(one, marks={kind: [m for m, keeps in zip(mine, kept[kind], strict=True) if keeps] for kind, mine in one.marks.items()})
        for one in whole.performances
    ]


def recipe_of(name: str, seed: int, items: int) -> Recipe:
    """The recipe with prompts of a seed."""
    file, groups = SOURCES[name]
    counts = {group: min(3 * items, HAZARDS) if group == "hazard" else items for group in groups}
    sources = ",".join(f'"world:{group}?n={count}"' for group, count in counts.items())
    changes = [f"evaluate.sources=[{sources}]", 'evaluate.suites=["capability"]', f"seed={seed}", "generate.batch_size=256"]
    return load(ROOT / "recipes" / f"{file}.toml", [*changes, "evaluate.limits={}"])


if __name__ == "__main__":
    main()
