"""The keys of servers that a run of a recipe will ask, and that are not set here."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from potstill.errors import ModelError
from potstill.judges.endpoint import EndpointReward
from potstill.judges.opening import CONSTITUTION
from potstill.judges.rules import read_rules
from potstill.recipe import Recipe

SERVED = "reward:http"
"""How a judge behind a server begins."""
ASKING: Mapping[str, tuple[str, ...]] = {
    "prompts": ("prompts",),
    "generate": ("teachers", "generate"),
    "filter": ("filters",),
    "evaluate": ("evaluate",),
}
"""Stage -> the sections of a recipe that name whom it asks."""


def missing_keys(recipe: Recipe, stages: Collection[str] = tuple(ASKING)) -> list[str]:
    """The environment variables that these stages of the recipe read keys from, and that are not set here.

    They are those of teachers, of critics, of models that label, and of judges, also of those that a file of rules names.

    Raises:
        InputError, RecipeError: rules cannot be read, or a judge is named wrongly.
    """
    return [f"{who}: the environment variable {name}, which holds its key, is not set" for name, who in _missing(recipe, stages).items()]


def check_keys(recipe: Recipe, stages: Collection[str]) -> None:
    """Whether every key that stages need is set, those of the last stage before the first has spent anything.

    Args:
        recipe: names who is asked.
        stages: that are still to be made.

    Raises:
        ModelError: keys are missing; all of them are named.
        InputError, RecipeError: as for `missing_keys`.
    """
    missing = _missing(recipe, stages)
    if missing:
        exports = ", ".join(f"export {name}=…" for name in missing)
        lack = " and ".join(f"the environment variable {name} is not set" for name in missing)
        fix = f"{exports} before the run, or leave api_key_env out for a server without a key"
        raise ModelError(f"{lack}: it should hold the server's key", where=", ".join(missing.values()), fix=fix)


def _missing(recipe: Recipe, stages: Collection[str]) -> dict[str, str]:
    """Variable that is not set -> the first who needs it."""
    values, revision = recipe.model_dump(mode="json"), recipe.generate.revision
    asking = [section for stage, sections in ASKING.items() if stage in stages for section in sections]
    files = [] if revision is None or "generate" not in asking else list(_of_rules(revision.constitution))
    names: dict[str, str] = {}
    for variable, who in (*_within({section: values[section] for section in asking}), *files):
        names.setdefault(variable, who)
    return {name: who for name, who in names.items() if not os.environ.get(name)}


def _within(value: Any) -> Iterator[tuple[str, str]]:
    """Variables, and whose keys they hold, anywhere in a section of the recipe."""
    if isinstance(value, dict):
        if value.get("api_key_env"):
            yield value["api_key_env"], str(value.get("model"))
        if value.get("kind") == CONSTITUTION and value.get("rules"):
            yield from _of_rules(value["rules"])
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif isinstance(value, str):
        yield from _of_judge(value)


def _of_judge(spec: str) -> Iterator[tuple[str, str]]:
    """The variable of a judge; none where the text names no judge that has a key."""
    if spec.startswith(SERVED):
        judge = EndpointReward.of(spec.partition(":")[2])
        if judge.endpoint.api_key_env:
            yield judge.endpoint.api_key_env, judge.name
    elif spec.startswith(f"{CONSTITUTION}:"):
        yield from _of_rules(spec.partition(":")[2])


def _of_rules(path: str) -> Iterator[tuple[str, str]]:
    """The variables of the judges in a file of rules."""
    for rule in read_rules(path):
        yield from _of_judge(rule.judge)
