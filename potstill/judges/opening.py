"""From what a recipe names to a judge of many answers."""

from __future__ import annotations

from potstill.errors import RecipeError
from potstill.judges.base import BatchJudge
from potstill.judges.one_by_one import function, own_grader, registered
from potstill.judges.reward import open_reward
from potstill.models.base import FREE, Spending
from potstill.registry import did_you_mean, names

FORMS = ("answer", "reward:world", "reward:hf:PATH", "reward:http://HOST#MODEL?tokenizer=hf:PATH", "callable:PACKAGE.MODULE:FUNCTION")
"""How judges are written, beside the names of the registered ones."""


def open_judge(spec: str, where: str = "generate.best_of.judge", spending: Spending = FREE) -> BatchJudge:
    """The judge that `spec` names.

    Args:
        spec: a registered judge's name (`exact`); `answer`: each prompt's own grader; `reward:world`, `reward:hf:PATH` or
            `reward:http(s)://HOST#MODEL?tokenizer=hf:PATH`: a reward model; `callable:PACKAGE.MODULE:FUNCTION`.
        where: the place in the recipe, for errors.
        spending: where requests to a server are written down, and how much they may cost.

    Raises:
        RecipeError: there is no such judge.
        ModelError: the reward model cannot be found or used.
    """
    kind, colon, name = spec.partition(":")
    if spec == "answer":
        return own_grader()
    if kind == "callable":
        return function(spec, where)
    if kind == "reward" and name:
        return open_reward(name, where, spending)
    if colon or spec not in names("judge"):
        known = [*names("judge"), *FORMS]
        raise RecipeError(f"unknown judge {spec!r}", where=where, fix=did_you_mean(spec, known))
    return registered(spec, where)
