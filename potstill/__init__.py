"""potstill distils large language models: it keeps the skill, cuts out the hazard and the noise, and proves what crossed over.

    import potstill as ps

    run = ps.Run.open("run.toml")
    prompts = ps.prompts.gather(run)
    traces = ps.generate.draw(run, prompts)
    kept = ps.filter.judge(run, traces)
    student = ps.train.fit(run, kept)
    card = ps.evaluate.score(run, student)

Names are imported when they are first used: `import potstill` brings in nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from potstill import evaluate, export, filter, generate, prompts, report, train
    from potstill.errors import PotstillError
    from potstill.recipe import Recipe
    from potstill.store import Artifact, Run

__all__ = ["Artifact", "PotstillError", "Recipe", "Run", "evaluate", "export", "filter", "generate", "prompts", "report", "train"]

_HOMES = {"Artifact": "potstill.store", "PotstillError": "potstill.errors", "Recipe": "potstill.recipe", "Run": "potstill.store"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"potstill.{name}")
    raise AttributeError(f"module 'potstill' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
