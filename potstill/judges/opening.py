"""From what a recipe names to a judge of many answers."""

from __future__ import annotations

from potstill.errors import RecipeError
from potstill.judges.base import BatchJudge
from potstill.judges.constitution import Constitution, Critic
from potstill.judges.one_by_one import function, own_grader, registered
from potstill.judges.reward import open_reward
from potstill.judges.rules import read_rules
from potstill.models.base import FREE, Spending
from potstill.registry import did_you_mean, names

CONSTITUTION = "constitution"
FORMS = (
    "answer",
    "constitution:PATH",
    "reward:world",
    "reward:hf:PATH",
    "reward:http://HOST#MODEL?tokenizer=hf:PATH",
    "callable:PACKAGE.MODULE:FUNCTION",
)
"""How judges are written, beside the names of the registered ones."""


def open_judge(spec: str, where: str = "generate.best_of.judge", spending: Spending = FREE) -> BatchJudge:
    """The judge that `spec` names.

    Args:
        spec: a registered judge's name (`exact`); `answer`: each prompt's own grader; `constitution:PATH`: a file of rules;
            `reward:world`, `reward:hf:PATH` or `reward:http(s)://HOST#MODEL?tokenizer=hf:PATH`: a reward model;
            `callable:PACKAGE.MODULE:FUNCTION`.
        where: the place in the recipe, for errors.
        spending: where requests to a server are written down, and how much they may cost.

    Raises:
        RecipeError: there is no such judge.
        InputError: the file of rules is not there.
        ModelError: the reward model cannot be found or used.
    """
    kind, colon, name = spec.partition(":")
    if spec == "answer":
        return own_grader()
    if kind == "callable":
        return function(spec, where)
    if kind == CONSTITUTION and name:
        return _without_teacher(open_constitution(name, where, spending), where)
    if kind == "reward" and name:
        return open_reward(name, where, spending)
    if colon or spec not in names("judge"):
        known = [*names("judge"), *FORMS]
        raise RecipeError(f"unknown judge {spec!r}", where=where, fix=did_you_mean(spec, known))
    return registered(spec, where)


def open_constitution(path: str, where: str, spending: Spending = FREE, critic: Critic | None = None) -> Constitution:
    """The rules in a file, with the judges that they name.

    Args:
        path: of the TOML file.
        where: the place in the recipe that names it, for errors.
        spending: as for `open_judge`.
        critic: whom rules of the kind `teacher` ask, where it is known beforehand.

    Raises:
        InputError: there is no such file.
        RecipeError: it holds what no rule has, or names a judge that there is not.
        ModelError: a reward model cannot be found or used.
    """
    rules = read_rules(path, where)
    judges = {rule.judge: open_judge(rule.judge, f"{path}, the rule {rule.name!r}", spending) for rule in rules if rule.judge}
    return Constitution(f"{CONSTITUTION}:{path}", rules, judges, critic)


def _without_teacher(constitution: Constitution, where: str) -> Constitution:
    """The constitution, where no rule of it asks a teacher: a judge stands alone."""
    asking = next((rule.name for rule in constitution.rules if rule.kind == "teacher"), None)
    if asking is not None:
        fix = "use the rules in [generate.revision], or leave that one out"
        raise RecipeError(f"the rule {asking!r} asks a teacher, and a judge has none", where=where, fix=fix)
    return constitution
