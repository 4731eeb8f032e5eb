"""The only file that knows the order of the stages. None of them is imported before its turn.

prompts -> generate -> filter -> train -> evaluate
                                       -> export          report reads every artifact that is there
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from potstill.errors import PotstillError

if TYPE_CHECKING:
    from pathlib import Path

    from potstill.evaluate import Card
    from potstill.models import Teacher
    from potstill.store import Artifact, Run

Stage = Literal["prompts", "generate", "filter", "train", "evaluate", "export", "report"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""All stages, in order."""
NEEDS: Mapping[Stage, Stage | None] = {
    "prompts": None,
    "generate": "prompts",
    "filter": "generate",
    "train": "filter",
    "evaluate": "train",
    "export": "train",
    "report": None,
}
"""The stage -> the one whose artifact it is handed."""


Made: TypeAlias = "Mapping[str, Artifact]"
"""Stage -> its artifact, for those that are there."""


def span(first: Stage | None = None, last: Stage | None = None) -> tuple[Stage, ...]:
    """The stages from `first` to `last`, both included; None: from the start, to the end.

    Raises:
        PotstillError: `last` comes before `first`.
    """
    start, end = STAGES.index(first or STAGES[0]), STAGES.index(last or STAGES[-1])
    if end < start:
        raise PotstillError(f"{last} comes before {first}", where=f"--from {first} --to {last}", fix=f"the order is {', '.join(STAGES)}")
    return STAGES[start : end + 1]


def run(run: Run, last: Stage | None = None) -> dict[str, Artifact]:
    """Check the recipe, then perform the stages in order, under the run folder's lock; a stage that is done is kept.

    A run opened with `only` stops at a stage that is neither done nor among those. When a limit of the recipe was missed the student is
    not exported; the report is written all the same.

    Args:
        run: the run.
        last: the last stage to perform; None: all.

    Returns:
        stage -> its artifact, for the stages performed or kept.

    Raises:
        PotstillError: the recipe cannot be run, or a stage failed.
    """
    from potstill.check import agree

    made: dict[str, Artifact] = {}
    stages = span(last=last)
    agree(run.recipe, stages)
    _check_keys(run, stages)
    with run.locked():
        for stage in stages:
            if stage == "export" and missed(made):
                run.log.say(f"export: left out, for a limit was missed; `potstill export {run.folder}` writes the student all the same")
                continue
            made[stage] = _perform(run, stage, made, stages)
    return made


def make(run: Run, stage: Stage, *, measure: bool = False) -> dict[str, Artifact]:
    """Perform one stage, and before it those that it stands on where they are not done; checks and returns as `run` does.

    Args:
        run: the run.
        stage: which.
        measure: of one of `FILTERING`, whether the errors of its filters are measured too.
    """
    from potstill.check import agree
    from potstill.curate.base import ready

    made: dict[str, Artifact] = {}
    stages = _line(stage)
    if "generate" in stages:
        agree(run.recipe, stages)
    elif stage == "prompts":
        ready(run.recipe.prompts.filters, "prompts.filters")
    _check_keys(run, stages)
    with run.locked():
        for each in stages:
            made[each] = FILTERING[stage](run, made) if measure and each == stage else _perform(run, each, made, stages)
    return made


def decide(run: Run) -> dict[str, Artifact]:
    """Decide anew on the traces that are there, by the recipe's filters, thresholds and policy and by what people ruled.

    Prompts and traces are taken as they are, whatever the recipe says of them now; a filter that is new or changed judges, the others'
    opinions are there already. Where it fails, the run's recipe stays as it was.

    Returns:
        `filter` and its artifact.

    Raises:
        StoreError: nothing was generated yet.
        PotstillError: a filter cannot be used, or keeps nothing.
    """
    from potstill import filter

    with run.trying():
        return {"filter": filter.judge(run, run.artifact("generate"))}


def missed(made: Made) -> tuple[str, ...]:
    """The recipe's limits that the evaluation missed, a sentence each; none when it was not evaluated."""
    return cast("Card", made["evaluate"]).scorecard.missed if "evaluate" in made else ()


def _check_keys(run: Run, stages: Sequence[Stage]) -> None:
    """The keys of all servers that are still to be asked are set, before the first is; what is made already may need none."""
    from potstill.check import check_keys

    there = run.artifacts()
    check_keys(run.recipe, [stage for stage in stages if stage not in there])


def _perform(run: Run, stage: Stage, made: Made, stages: Sequence[Stage]) -> Artifact:
    """One stage; the prompts are held against the recipe as soon as they are there, before a teacher is paid."""
    from potstill.check import fit_gathered

    artifact = _PERFORM[stage](run, made)
    if stage == "prompts" and "generate" in stages:
        for warning in fit_gathered(run.recipe, artifact, evaluated="evaluate" in stages):
            run.log.say(f"warning: {warning}")
    return artifact


def _line(stage: Stage) -> list[Stage]:
    """The stage and all that it stands on, first things first."""
    need = NEEDS[stage]
    return [*(_line(need) if need else ()), stage]


def _prompts(run: Run, made: Made, *, measure: bool = False) -> Artifact:
    from potstill import prompts

    return prompts.gather(run, measure=measure)


def _generate(run: Run, made: Made) -> Artifact:
    from potstill import generate
    from potstill.check import fit_servers
    from potstill.doctor import examine_before

    prompts = made["prompts"]

    def examine(teachers: Sequence[Teacher], log: Path) -> None:
        fit_servers(run.recipe, prompts, teachers)
        examine_before(run, prompts, teachers, log)

    return generate.draw(run, prompts, examine=examine)


def _filter(run: Run, made: Made, *, measure: bool = False) -> Artifact:
    from potstill import filter

    return filter.judge(run, made["generate"], measure=measure)


def _train(run: Run, made: Made) -> Artifact:
    from potstill import train

    return train.fit(run, made["filter"])


def _evaluate(run: Run, made: Made) -> Artifact:
    from potstill import evaluate

    return evaluate.score(run, made["train"])


def _export(run: Run, made: Made) -> Artifact:
    from potstill import export

    return export.write(run, made["train"])


def _report(run: Run, made: Made) -> Artifact:
    from potstill import report

    return report.write(run, cast("Card | None", made.get("evaluate")))


_PERFORM: Mapping[Stage, Callable[[Run, Made], Artifact]] = {
    "prompts": _prompts,
    "generate": _generate,
    "filter": _filter,
    "train": _train,
    "evaluate": _evaluate,
    "export": _export,
    "report": _report,
}
FILTERING: Mapping[Stage, Callable[[Run, Made], Artifact]] = {
    "prompts": partial(_prompts, measure=True),
    "filter": partial(_filter, measure=True),
}
"""The stages that have filters -> the same, with their filters measured."""
