"""The command that compares teachers: `compare-teachers`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from potstill.cli.app import WHOLE, RunOutput, app, show
from potstill.cli.runs import Recipe, Set


@app.command(name="compare-teachers", group=WHOLE, sort_key=5)
def compare_teachers(
    recipe: Recipe,
    /,
    *,
    teachers: Annotated[
        list[str] | None,
        Parameter(negative="", consume_multiple=True, help="The candidates, as in `world:base`; by default the recipe's teachers."),
    ] = None,
    items: Annotated[int, Parameter(help="At most so many prompts of each kind.")] = 200,
    settings: Set = None,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """Let several teachers answer a recipe's own prompts, and recommend one with reasons. Endpoints are paid, and asked once."""
    from contextlib import nullcontext

    from potstill import console
    from potstill.compare import compare_teachers as compare
    from potstill.errors import PotstillError
    from potstill.models import spending_of
    from potstill.recipe import is_served
    from potstill.store import Run

    if items < 1:
        raise PotstillError(f"{items} is no number of prompts", where="--items", fix="give a whole number of at least 1")
    log = console.choose(quiet=output.quiet or output.json)
    run = Run.open(recipe, overrides=settings or (), only=(), log=log)
    asked = teachers or [section.model for section in run.recipe.teachers]
    paid = any(map(is_served, asked))
    with run.locked() if paid else nullcontext():
        found = compare(run.recipe, teachers or (), items, log, spending_of(run))
    show(output, found.facts(), found.lines())
    return 0
