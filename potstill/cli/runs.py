"""The commands that make something: `demo`, `run`, and one verb a stage; and `check`, which makes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token

from potstill import pipeline
from potstill.cli.app import STAGE, WHOLE, Flag, Output, RunOutput, app, show
from potstill.errors import LimitError, PotstillError
from potstill.pipeline import STAGES, Stage

if TYPE_CHECKING:
    from potstill.store import Artifact, Run

Recipe = Annotated[Path, Parameter(help="A recipe (TOML), or a run folder, whose own recipe is then used.")]
Set = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", metavar="KEY=VALUE", help="Change a setting, as in `--set train.lr=2e-5`; may be given again."),
]


def folder_as_typed(kind: object, tokens: Sequence[Token]) -> Path:
    """The folder as typed: `Path` alone would take an empty name for the working directory."""
    from potstill.store.run import named

    return named(tokens[0].value)


Out = Annotated[
    Path | None, Parameter(metavar="FOLDER", converter=folder_as_typed, help="The run folder; by default `runs/` and the recipe's name.")
]
Again = Annotated[Flag, Parameter(name="--force", help="Make it again though it is done; what is there is moved aside.")]

VERBS: Mapping[Stage, str] = {
    "prompts": "Gather the prompts of a recipe into one table.",
    "generate": "Let the teachers answer, or score, the prompts.",
    "filter": "Sort the traces into keep, hazard and noise; nothing is deleted.",
    "train": "Train the student on what was kept.",
    "evaluate": "Measure the teacher and the student, before and after.",
    "export": "Write the student frozen, and measure its size and speed.",
    "report": "Write the report page and the model card of what is there.",
}


@app.command(group=WHOLE, sort_key=1)
def demo(
    *,
    full: Annotated[Flag, Parameter(help="More prompts, a longer training, more items to measure on.")] = False,
    settings: Set = None,
    out: Out = None,
    force: Again = False,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """A whole still on the built-in world: on a CPU, in minutes, a teacher becomes a student a tenth of its size."""
    from potstill.cli.shipped import recipe

    opened = _open(recipe("demo_full" if full else "demo"), settings, out, STAGES if force else (), None, output)
    return finish(opened, pipeline.run(opened), output)


@app.command(group=WHOLE, sort_key=3)
def run(
    recipe: Recipe,
    /,
    *,
    first: Annotated[Stage | None, Parameter(name="--from", help="The first stage to perform; those before it must be done.")] = None,
    last: Annotated[Stage | None, Parameter(name="--to", help="The last stage to perform.")] = None,
    settings: Set = None,
    out: Out = None,
    force: Annotated[
        list[Stage] | None,
        Parameter(negative="", consume_multiple=True, help="Make these stages again though they are done; without a name, all."),
    ] = None,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """Run a recipe from its prompts to its report; stages that are done are kept, and an interrupted one goes on."""
    stages = pipeline.span(first, last)
    again = stages if force == [] else force or ()
    for stage in again:
        if stage not in stages:
            fix = f"leave it out, or widen --from and --to: they name {', '.join(stages)}"
            raise PotstillError("the stage is not among those to perform", where=f"--force {stage}", fix=fix)
    opened = _open(recipe, settings, out, again, stages, output)
    return finish(opened, pipeline.run(opened, last), output)


@app.command(group=WHOLE, sort_key=2)
def check(
    recipe: Recipe,
    /,
    *,
    settings: Set = None,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Show a recipe as resolved, what its parts need and its teachers give, and what a run would take. Writes and spends nothing."""
    from potstill.check import plan

    planned = plan(_open(recipe, settings, None, (), (), RunOutput(quiet=True)).recipe)
    show(output, planned.facts(), planned.lines())
    return 0


def _verb(stage: Stage) -> Callable[..., int]:
    """The command of one stage."""

    def verb(
        recipe: Recipe,
        /,
        *,
        settings: Set = None,
        out: Out = None,
        force: Again = False,
        output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
    ) -> int:
        opened = _open(recipe, settings, out, (stage,) if force else (), (stage,), output)
        return finish(opened, pipeline.make(opened, stage), output)

    verb.__doc__ = VERBS[stage]
    return verb


def _filtering_verb(stage: Stage) -> Callable[..., int]:
    """The command of a stage that has filters."""

    def verb(
        recipe: Recipe,
        /,
        *,
        measure: Annotated[Flag, Parameter(help="Measure the filters' recall and false positives on injected and clean items.")] = False,
        settings: Set = None,
        out: Out = None,
        force: Again = False,
        output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
    ) -> int:
        opened = _open(recipe, settings, out, (stage,) if force else (), (stage,), output)
        return finish(opened, pipeline.make(opened, stage, measure=measure), output)

    verb.__doc__ = VERBS[stage]
    return verb


for _place, _stage in enumerate(STAGES):
    app.command((_filtering_verb if _stage in pipeline.FILTERING else _verb)(_stage), name=_stage, group=STAGE, sort_key=_place)


def _open(
    recipe: Path, settings: Sequence[str] | None, out: Path | None, force: Sequence[Stage], only: Sequence[Stage] | None, output: RunOutput
) -> Run:
    from potstill import console
    from potstill.store import Run

    log = console.choose(quiet=output.quiet)
    return Run.open(recipe, overrides=settings or (), out=out, force=force, only=only, log=log)


def finish(opened: Run, made: Mapping[str, Artifact], output: RunOutput) -> int:
    """Tell what was made; a missed limit ends with its own exit code."""
    from potstill.cli import results

    missed = pipeline.missed(made)
    facts: dict[str, Any] = {
        "recipe": opened.recipe.name,
        "folder": str(opened.folder),
        "stages": {stage: results.facts(artifact) for stage, artifact in made.items()},
        "passed": not missed,
        "missed": list(missed),
    }
    show(output, facts, results.lines(opened, made))
    if missed and not output.json:
        raise LimitError("; ".join(missed), where=str(opened.folder), fix="the report shows more")
    return LimitError.exit_code if missed else 0
