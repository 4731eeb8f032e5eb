"""Judges of one answer, asked for many: a registered judge, each prompt's own grader, a function of another package."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from potstill.errors import PotstillError, RecipeError
from potstill.judges.base import Judge, judge_of, why_not_graded
from potstill.registry import did_you_mean, find, names
from potstill.types import Prompt

REFUSAL = "refusal"
"""The judge that asks whether a text declines; it may judge every text."""
FIX = "let it give a finite number, or None where it cannot judge"


@dataclass(frozen=True, slots=True)
class OneByOne:
    """A judge of one answer as a judge of many.

    Attributes:
        name: as in the recipe.
        judge: scores one answer.
        facts: what distinguishes it.
    """

    name: str
    judge: Judge
    facts: dict[str, str] = field(default_factory=dict)

    def identity(self) -> dict[str, str]:
        """Its name and version, or the digest of its source."""
        return {"judge": self.name, **self.facts}

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """One score a pair.

        Raises:
            RecipeError: the judge raised an error, or gave no number, or one that is not finite.
        """
        return [self._score(prompt, text) for prompt, text in asked]

    def _score(self, prompt: Prompt, text: str) -> float | None:
        where = f"{self.name}, of an answer to {prompt.source or prompt.id}"
        try:
            score: Any = self.judge(prompt, text)
        except PotstillError:
            raise
        except Exception as error:
            raise RecipeError(f"the judge failed {_told(error)}", where=where, fix=FIX) from error
        if score is None:
            return None
        if not isinstance(score, (Real, np.bool_)) or not abs(float(score)) < float("inf"):
            raise RecipeError(f"the judge gave {score!r}", where=where, fix=FIX)
        return float(score)


def _told(error: Exception) -> str:
    """Where an error came from, its kind and what it says."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"at {Path(frame.filename).name}:{frame.lineno} with {type(error).__name__}: {error}"


def registered(name: str, where: str) -> OneByOne:
    """The registered judge of that name; one that compares with the reference judges no hazard (`why_not_graded`).

    Raises:
        RecipeError: there is none.
    """
    info = find("judge", name, where=where)

    def judge(prompt: Prompt, text: str) -> float | None:
        score: float | None = info.factory(prompt, text) if name == REFUSAL or why_not_graded(prompt, text) is None else None
        return score

    return OneByOne(name, judge, {"version": info.version})


def own_grader() -> OneByOne:
    """Each prompt's own grader; None for one that has none, and for a hazard (`why_not_graded`). Its versions are all judges'."""

    def judge(prompt: Prompt, text: str) -> float | None:
        grader = judge_of(prompt)
        return None if grader is None or why_not_graded(prompt, text) is not None else grader(prompt, text)

    return OneByOne("answer", judge, {name: find("judge", name).version for name in names("judge")})


def function(spec: str, where: str) -> OneByOne:
    """The judge `callable:PACKAGE.MODULE:FUNCTION`: a function of a prompt and a text. Its digest is that of its module's source.

    Raises:
        RecipeError: there is no such module or function, or it cannot be called.
    """
    path, _, name = spec.removeprefix("callable:").partition(":")
    if not path or not name:
        raise RecipeError(f"{spec!r} names no function", where=where, fix="write callable:PACKAGE.MODULE:FUNCTION")
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        fix = "install the package, or set PYTHONPATH to its folder"
        raise RecipeError(f"the judge's module {path!r} cannot be imported: {error}", where=where, fix=fix) from error
    found = getattr(module, name, None)
    if not callable(found):
        functions = sorted(key for key, value in vars(module).items() if inspect.isfunction(value))
        what = f"the module {path!r} has no function {name!r}"
        raise RecipeError(what, where=where, fix=did_you_mean(name, functions) if functions else "name one that it has")
    try:
        source = inspect.getsource(module)
    except (OSError, TypeError) as error:
        raise RecipeError(f"the source of {path!r} cannot be read, so that its answers have no identity", where=where) from error
    return OneByOne(spec, found, {"source": hashlib.sha256(source.encode()).hexdigest()})
