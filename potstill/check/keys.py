"""The keys of servers that a run of a recipe will ask, and that are not set here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from potstill.judges.endpoint import EndpointReward
from potstill.judges.opening import CONSTITUTION
from potstill.judges.rules import read_rules
from potstill.recipe import Recipe

SERVED = "reward:http"
"""How a judge behind a server begins."""


def missing_keys(recipe: Recipe) -> list[str]:
    """The environment variables that a run of the recipe reads keys from, and that are not set here.

    They are those of teachers, of critics, of models that label, and of judges, also of those that a file of rules names.

    Raises:
        InputError, RecipeError: rules cannot be read, or a judge is named wrongly.
    """
    revision = recipe.generate.revision
    files = [] if revision is None else list(_of_rules(revision.constitution))
    names: dict[str, str] = {}
    for variable, who in (*_within(recipe.model_dump(mode="json")), *files):
        names.setdefault(variable, who)
    missing = {name: who for name, who in names.items() if not os.environ.get(name)}
    return [f"{who}: the environment variable {name}, which holds its key, is not set" for name, who in missing.items()]


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
