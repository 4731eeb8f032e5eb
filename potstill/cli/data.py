"""`export-data`: a run's traces for other trainers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from potstill.cli.app import LOOK, Flag, RunOutput, app, show
from potstill.cli.runs import folder_as_typed


@app.command(name="export-data", group=LOOK)
def export_data(
    run: Annotated[Path, Parameter(help="A run folder, or a recipe whose run folder is read.")],
    /,
    *,
    out: Annotated[Path, Parameter(metavar="FOLDER", converter=folder_as_typed, help="Where the data go: a folder that is not there yet.")],
    form: Annotated[
        Literal["prompt-completion", "messages", "text", "nested"],
        Parameter(name="--format", help="A row: prompt and completion, a conversation, a plain text, or a prompt with all that is known."),
    ] = "prompt-completion",
    part: Annotated[Literal["keep", "hazard", "noise", "all"], Parameter(help="The traces that the filters put there.")] = "keep",
    with_signals: Annotated[Flag, Parameter(help="Also what the teachers expected at each token.")] = False,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """Write a run's kept traces as JSONL and Parquet, in the forms of TRL, with a card that says where they come from."""
    from potstill import console
    from potstill.export.data import export_data as write
    from potstill.store import Run

    opened = Run.open(run, log=console.choose(quiet=output.quiet))
    facts = write(opened, out, form=form, part=part, signals=with_signals)
    told = {
        "folder": str(out),
        "format": form,
        "part": part,
        "rows": facts.rows,
        "prompts": facts.prompts,
        "tokens": facts.tokens,
        "withheld": facts.withheld,
        "teachers": [asdict(card) for card in facts.teachers],
        "warnings": facts.warnings(),
    }
    lines = [f"{out}: {facts.rows:,} rows of {facts.prompts:,} prompts, as {form}"]
    show(output, told, lines + [f"warning: {warning}" for warning in facts.warnings()])
    return 0
