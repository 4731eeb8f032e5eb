"""`curve`: what a filter would leave at other thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from potstill.cli.app import LOOK, Output, app, show


@app.command(group=LOOK)
def curve(
    run: Annotated[Path, Parameter(help="A run folder whose traces or prompts were filtered.")],
    /,
    *,
    filter_: Annotated[str, Parameter(name="--filter", help="Its name in verdicts, as in `domain`.")],
    by: Annotated[list[str] | None, Parameter(negative="", help="What tells the kinds apart; by default the broad domain.")] = None,
    at: Annotated[list[float] | None, Parameter(negative="", help="Thresholds; by default quantiles of the scores.")] = None,
    on: Annotated[Literal["filter", "prompts"], Parameter(help="The stage that it judged for: answers, or prompts.")] = "filter",
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Print what share of each kind a filter would leave by its threshold, from what it thought. Nothing is judged anew."""
    from potstill.curate.strictness import curve_of, judged_by
    from potstill.errors import PotstillError
    from potstill.registry import did_you_mean
    from potstill.store import Quiet, Run

    made = Run.open(run, log=Quiet()).artifacts()
    known = judged_by(made, on)
    if filter_ not in known:
        raise PotstillError(f"no filter {filter_!r} has judged here", where=str(run), fix=did_you_mean(filter_, sorted(known)))
    prompts, table = (made["prompts"], "prompts") if on == "filter" else (made["prompts.gathered"], "candidates")
    found = curve_of(prompts, table, known[filter_], by or ["broad_domain"], at)
    told = {"thresholds": list(found.thresholds), "kept": {k: list(v) for k, v in found.kept.items()}, "counts": dict(found.counts)}
    width = max(map(len, found.kept), default=0)
    lines = [" " * width + "  " + "  ".join(f"{threshold:>8.3g}" for threshold in found.thresholds)]
    lines += [f"{name:<{width}}  " + "  ".join(f"{100 * share:>7.1f}%" for share in shares) for name, shares in found.kept.items()]
    show(output, told | {"bends": found.bends()}, [f"kept by threshold of {filter_!r}, the most lenient first", *lines])
    return 0
