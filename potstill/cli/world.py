"""`potstill world`: the built-in world's items, its teachers and their examination."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from potstill.cli.app import LOOK, Output, RunOutput, app, show
from potstill.errors import ModelError, PotstillError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from potstill.types import Prompt

world = App(
    name="world",
    help="The built-in world: look at its items, examine a model on it, raise its teachers anew.",
    group=LOOK,
    group_commands="Commands",
)
app.command(world)

Items = Annotated[int, Parameter(name=("--items", "-n"), help="How many of each skill.", validator=validators.Number(gte=1))]
InAll = Annotated[Items, Parameter(help="How many of each skill; for a classifier, in all.")]
Seed = Annotated[int, Parameter(help="Of the items.")]


@world.command(name="show", sort_key=1)
def show_items(
    skill: Annotated[str | None, Parameter(help="A skill; none: one item of each.")] = None,
    /,
    *,
    items: Items = 1,
    seed: Seed = 0,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Show items of the world: the request, the right answer and how it comes about."""
    from potstill import world as built_in

    names = [skill] if skill else list(built_in.SKILLS)
    prompts = built_in.prompts(names, items * len(names), seed)
    told = [
        {
            "skill": prompt.skill,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "answer": built_in.completion(prompt, "base"),
            "intent": prompt.intent,
        }
        for prompt in prompts
    ]
    show(output, told, [line for prompt in prompts for line in _item(prompt, built_in.completion(prompt, "base"))])
    return 0


@world.command(sort_key=2)
def exam(
    model: Annotated[str, Parameter(help="A model, as in a recipe: `world:base`, `hf:FOLDER`; or a classifier: `reward`, `hazard`.")],
    /,
    *,
    skill: Annotated[list[str] | None, Parameter(negative="", help="Only these skills.")] = None,
    items: InAll = 50,
    seed: Seed = 0,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Examine a model on unseen items of the world, greedily, by the oracle: the share of right answers by skill.

    Of a classifier: accuracy, and the squared error of its probability.
    """
    from potstill import world as built_in
    from potstill.models import LocalModel, open_model
    from potstill.teach import CLASSIFIERS, examine, open_classifier
    from potstill.teach import exam as examine_skills

    if model in CLASSIFIERS:
        if skill:
            raise PotstillError("a classifier has no skills", where=f"potstill world exam {model}", fix="leave --skill out")
        measured = examine(open_classifier(model), items, seed)
        show(output, measured, _measured(measured))
        return 0
    opened = open_model(model)
    if not isinstance(opened, LocalModel):
        raise ModelError("it has no weights here to examine", where=model, fix="give a `world:` or `hf:` model")
    skills = skill or list(built_in.SKILLS)
    marks = examine_skills(opened.network, opened.tokenizer, skills, lambda prompt, text: built_in.grade(prompt, text) == 1.0, items, seed)
    show(output, marks, _marks(marks))
    return 0


@world.command(sort_key=3)
def teach(
    names: Annotated[list[str] | None, Parameter(negative="", help="Which; none: all, in order.")] = None,
    /,
    *,
    folder: Annotated[Path, Parameter(help="Checkpoints, from which an interrupted teaching goes on.")] = Path("runs/world"),
    into: Annotated[Path | None, Parameter(help="Where the weights go; by default into the package itself.")] = None,
    seed: Annotated[int, Parameter(help="Of the first weights and of the lessons.")] = 0,
    output: RunOutput = RunOutput(),  # noqa: B008 - it is frozen
) -> int:
    """Raise the world's teachers and classifiers anew, from seed; each takes up to an hour on two cores."""
    from potstill import console
    from potstill.registry import did_you_mean
    from potstill.teach import CLASSIFIERS, PLANS, raise_model

    for name in names or ():
        if name not in PLANS:
            raise PotstillError(f"no teacher is called {name!r}", where="potstill world teach", fix=did_you_mean(name, list(PLANS)))
    log = console.choose(quiet=output.quiet)
    marks: dict[str, dict[str, float]] = {}
    for name in names or PLANS:
        log.say(f"{name}: {PLANS[name].description}")
        marks[name] = raise_model(name, folder, log, seed=seed, into=into)
    told = [(name, *_measured(m)) if name in CLASSIFIERS else (f"world:{name}", *_marks(m)) for name, m in marks.items()]
    show(output, marks, [line for lines in told for line in (*lines, "")])
    return 0


def _item(prompt: Prompt, answer: str) -> Sequence[str]:
    turns = [f"  {message.role:<9} {message.content}" for message in prompt.messages]
    return [f"{prompt.skill}  ({prompt.domain}, {prompt.intent})", *turns, f"  {'assistant':<9} {answer}", ""]


def _marks(marks: Mapping[str, float]) -> Sequence[str]:
    """The lowest first, and the mean."""
    width = max(map(len, marks), default=0)
    lines = [f"  {name:<{width}}  {mark:.2f}" for name, mark in sorted(marks.items(), key=lambda item: item[1])]
    return [*lines, f"  {'mean':<{width}}  {sum(marks.values()) / max(1, len(marks)):.2f}"]


def _measured(found: Mapping[str, float]) -> Sequence[str]:
    """What was measured of a classifier: no shares of one kind, so no mean."""
    width = max(map(len, found), default=0)
    return [f"  {name:<{width}}  {value:.4g}" for name, value in found.items()]
