"""The command that probes teachers: `doctor`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from potstill.cli.app import WHOLE, Output, app, show
from potstill.cli.runs import Set
from potstill.errors import PotstillError

if TYPE_CHECKING:
    from potstill.doctor import Case

Spec = Annotated[str, Parameter(help="A model, as in a recipe (`hf:FOLDER`, `http://HOST/v1#MODEL`); or a recipe, or a run folder.")]
OWN = ("student", "revision", "dialect", "tokenizer", "api_key_env", "top_k")
"""Options that a recipe has settings for."""
REFUSED = 1
"""The exit code where something is refused."""


@app.command(group=WHOLE, sort_key=4)
def doctor(
    teacher: Spec,
    /,
    *,
    student: Annotated[str | None, Parameter(help="A student (`hf:…` or `new:…`): the pair is probed too.")] = None,
    revision: Annotated[str | None, Parameter(help="The teacher's revision on the hub.")] = None,
    dialect: Annotated[str | None, Parameter(help="Of an endpoint: `vllm`, `sglang`, `llama_cpp`, `openai`, `anthropic`.")] = None,
    tokenizer: Annotated[str | None, Parameter(help="Of an endpoint: its model's tokenizer (`hf:…`).")] = None,
    api_key_env: Annotated[str | None, Parameter(help="Of an endpoint: the environment variable that holds the key.")] = None,
    top_k: Annotated[int | None, Parameter(help="How many likeliest tokens will be asked for; 20 by default.")] = None,
    settings: Set = None,
    out: Annotated[Path | None, Parameter(metavar="FILE", help="Write what was found as JSON, too.")] = None,
    output: Output = Output(),  # noqa: B008 - it is frozen
) -> int:
    """Probe a teacher, or a teacher and its student, before money is spent: a few short requests. Of a recipe, all its teachers."""
    from potstill.doctor import examine
    from potstill.store.atomic import write_text

    values = (student, revision, dialect, tokenizer, api_key_env, top_k)
    given = {name: value for name, value in zip(OWN, values, strict=True) if value is not None}
    told = _of_recipe if _is_recipe(teacher) else _of_model
    found = [examine(case) for case in told(teacher, settings, given)]
    facts = [diagnosis.facts() for diagnosis in found]
    if out is not None:
        write_text(out, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    show(output, facts, [line for diagnosis in found for line in diagnosis.lines()])
    return REFUSED if any(diagnosis.of("refused") for diagnosis in found) else 0


def _is_recipe(name: str) -> bool:
    return Path(name).exists() or name.endswith(".toml")


def _of_recipe(name: str, settings: Sequence[str] | None, given: dict[str, Any]) -> list[Case]:
    """The recipe's teachers with its student, on its own prompts where these are at hand."""
    from potstill.check.counting import find_prompts
    from potstill.doctor import cases
    from potstill.store import Quiet, Run

    if given:
        option = f"--{next(iter(given)).replace('_', '-')}"
        raise PotstillError(f"{option} is for a single model, and {name} is a recipe", fix="change the recipe's settings with --set")
    recipe = Run.open(name, overrides=settings or (), log=Quiet()).recipe
    return cases(recipe, find_prompts(recipe).asked or ())


def _of_model(spec: str, settings: Sequence[str] | None, given: dict[str, Any]) -> list[Case]:
    """One teacher, and its student where it is named; its log-probabilities are wanted where it gives any."""
    from potstill.doctor import Case
    from potstill.models import open_teacher
    from potstill.recipe import StudentSection, TeacherSection, validate

    if settings:
        raise PotstillError("--set changes a recipe's settings", where=spec, fix="give a recipe, or the options of this command")
    student = given.pop("student", None)
    section = validate(TeacherSection, {"model": spec, **given}, spec)
    own = None if student is None else validate(StudentSection, {"model": student}, student)
    return [Case(section, own, signal="top_k" in open_teacher(section).gives)]
