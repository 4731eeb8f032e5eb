"""How well a domain is told from all else, on texts that were not learnt: by set, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from potstill.curate.blocklist import Blocklist
from potstill.curate.examples import Examples, learn
from potstill.curate.passages import Passage
from potstill.curate.recognising import Recogniser, Recognition
from potstill.judges.shares import proportion
from potstill.types import Prompt

BAR = 0.5
"""The score from which on the filter `domain` puts a text aside by default."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Texts that were not learnt.

    Attributes:
        name: of the set.
        texts: of one kind.
        inside: whether they are of the domain.
    """

    name: str
    texts: Sequence[str]
    inside: bool


def measure_domain(recogniser: Recogniser, trials: Iterable[Trial], terms: Sequence[str] = (), confirm: float = 0.2) -> dict[str, Any]:
    """What the two steps of the filter `domain` catch of each set.

    Args:
        recogniser: the second step.
        trials: the sets.
        terms: the blocklist, the first step; none: the recogniser alone.
        confirm: as in the filter's settings.

    Returns:
        `sets`: name -> `caught` (value, low, high, n) and `inside`; `recall` over all sets inside, `false_positive_rate` over all others,
        and `precision` of what was caught, which depends on how many of either kind there are.
    """
    recognition = Recognition(Blocklist(terms), recogniser, confirm, decides=False)
    counted = {trial: _caught(recognition, trial.texts) for trial in map(_frozen, trials)}
    sums = {side: sum(caught for one, caught in counted.items() if one.inside is side) for side in (True, False)}
    totals = {side: sum(len(one.texts) for one in counted if one.inside is side) for side in (True, False)}
    sets = {one.name: {"inside": one.inside, "caught": _share(caught, len(one.texts))} for one, caught in counted.items()}
    return {
        "sets": sets,
        "recall": _share(sums[True], totals[True]),
        "false_positive_rate": _share(sums[False], totals[False]),
        "precision": _share(sums[True], sums[True] + sums[False]),
    }


def measure_examples(examples: Examples, trials: Iterable[Trial]) -> dict[str, Any]:
    """As `measure_domain`, of the classifier learnt from examples, with its figures on held-out ones under `learnt`.

    Raises:
        InputError: there are too few examples.
    """
    domain = learn(examples)
    return {**measure_domain(domain, trials), "learnt": dict(domain.told())}


def world_trials(prompts: Iterable[Prompt]) -> tuple[list[Prompt], list[Trial]]:
    """The built-in world's hazards by family: those of half A to learn from, and trials of half B, of twins and of harmless prompts.

    Args:
        prompts: of the world, of all kinds.
    """
    sets: dict[str, list[str]] = {}
    learnt = []
    for prompt in prompts:
        if prompt.intent == "hazard" and prompt.half == "A":
            learnt.append(prompt)
        elif prompt.intent in ("hazard", "twin", "benign"):
            sets.setdefault(f"hazard {prompt.family}" if prompt.intent == "hazard" else prompt.intent, []).append(prompt.question)
    return learnt, [Trial(name, tuple(texts), name.startswith("hazard")) for name, texts in sorted(sets.items())]


def _frozen(trial: Trial) -> Trial:
    return Trial(trial.name, tuple(trial.texts), trial.inside)


def _caught(recognition: Recognition, texts: Sequence[str]) -> int:
    seen = recognition.look([Passage("prompt", text, "prompt") for text in texts])
    return sum(one.score is not None and one.score >= BAR for one in seen)


def _share(count: int, n: int) -> Mapping[str, float | int | None]:
    estimate = proportion(count, n)
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": n}
