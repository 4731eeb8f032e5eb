"""What is done with verdicts: `decide`, `rule`, `query`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from potstill.cli.app import LOOK, STAGE, Output, RunOutput, app, show
from potstill.cli.runs import Set
from potstill.errors import PotstillError

if TYPE_CHECKING:
    import pyarrow as pa

RunFolder = Annotated[Path, Parameter(help="A run folder.")]
MOST_ROWS = 100
"""Rows that `query` prints; `--json` and `--out` give all."""
LONGEST = 80
"""Characters of a cell that it prints."""


@app.command(group=STAGE, sort_key=2)
def decide(
    run: RunFolder,
    /,
    *,
    settings: Set = None,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """Decide anew on the traces that are there, after a changed threshold, policy or ruling. No teacher is asked."""
    from potstill import console, pipeline
    from potstill.cli.runs import finish
    from potstill.store import Run

    _check_settings(settings or (), run)
    opened = Run.open(run, overrides=settings or (), only=("filter",), log=console.choose(quiet=output.quiet))
    return finish(opened, pipeline.decide(opened), output)


@app.command(group=LOOK)
def rule(
    run: RunFolder,
    row: Annotated[str, Parameter(help="The id of a trace, or of a prompt: then of all answers to it.")],
    part: Annotated[Literal["keep", "hazard", "noise"], Parameter(help="Where it goes, whatever filters say.")],
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, in a clause.")],
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Write down a person's verdict: it outranks all filters, and is kept whatever is decided anew."""
    from potstill.curate.origin import origin
    from potstill.curate.rulings import rule as write_down
    from potstill.store import Quiet, Run

    opened = Run.open(run, log=Quiet())
    found = origin(opened, row)
    write_down(opened, row, part, why)
    command = "decide" if found.trace is not None or found.traces else "prompts"
    show(output, {"id": row, "part": part, "why": why}, [f"{row}: {part}; `potstill {command} {run}` applies it"])
    return 0


@app.command(group=LOOK)
def query(
    run: RunFolder,
    sql: Annotated[str | None, Parameter(help="A SELECT in DuckDB's SQL; none: the tables and their columns.")] = None,
    /,
    *,
    out: Annotated[Path | None, Parameter(metavar="FILE", help="Write the rows there instead: .parquet, .csv or .jsonl.")] = None,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Run SQL over a run's tables: prompts, traces, verdicts, decisions, quarantine, …"""
    from potstill.cli.rowfiles import write_rows
    from potstill.store import Quiet, Run
    from potstill.store.querying import columns, views
    from potstill.store.querying import query as run_query

    opened = Run.open(run, log=Quiet())
    if sql is None:
        tables = {name: columns(files) for name, files in views(opened).items()}
        show(output, tables, [f"{name:<28} {', '.join(known)}" for name, known in sorted(tables.items())])
        return 0
    with run_query(opened, sql) as found:
        if out is not None:
            rows = write_rows(out, found)
            show(output, {"rows": rows, "file": str(out)}, [f"{out}: {rows:,} rows"])
        elif output.json:
            show(output, _plain(found.read_all().to_pylist()), [])
        else:
            print("\n".join(_told(found)))
    return 0


def _check_settings(settings: Sequence[str], run: Path) -> None:
    """Refuse a setting that no decision on traces follows from, for it would change nothing. A misspelt one is left to the recipe."""
    from potstill.filter.judging import SECTIONS
    from potstill.pipeline import STAGES
    from potstill.recipe import Recipe

    for setting in settings:
        section = setting.partition("=")[0].partition(".")[0].strip()
        if section in Recipe.model_fields and section not in SECTIONS:
            fix = f"run `potstill {section if section in STAGES else 'run'} {run} --set {setting}`"
            raise PotstillError(f"{section} is nothing that traces are decided by", where=f"--set {setting}", fix=fix)


def _plain(value: Any) -> Any:
    """The value as JSON can say it: dates and bytes as text."""
    import json

    return json.loads(json.dumps(value, default=str))


def _told(found: pa.RecordBatchReader) -> Iterator[str]:
    """The first rows in columns as wide as what stands in them, and how many more there are; long cells are cut."""
    rows: list[list[str]] = []
    count = 0
    for batch in found:
        rows += [[_cell(value) for value in row.values()] for row in batch.slice(0, MOST_ROWS - len(rows)).to_pylist()]
        count += len(batch)
    lines = [found.schema.names, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    yield from ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    if count > MOST_ROWS:
        yield f"… {count - MOST_ROWS:,} rows more; --json and --out give all"


def _cell(value: Any) -> str:
    line = "" if value is None else " ".join(str(value).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
