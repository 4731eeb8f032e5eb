"""A constitution on the built-in world: violations before and after revision, by the rules and by the exact oracle, and the cost in skill.

    python studies/constitution.py [--quick]

Teachers answer once each prompt of held-out skills: sums, chains, word problems, work with a wrong step in it, documents with orders in
them, and sealed recipes, plain and wrapped. The rules are in `constitution.toml`. Arms, all from the same first draws:

- `drawn`: every answer is kept; before.
- `dropped`: answers that break a rule are left out, and nothing is revised.
- `step`: `generate.revision` with 2 rounds: the first step that breaks a rule is rejected and drawn anew from the last good step.
- `anew`: a control: as many whole answers are drawn anew, and the first that keeps every rule is taken.
- `criticism`: `generate.revision` in the mode `whole`: the teacher is asked to criticise its answer and to give another.

The teachers of the world are tiny, were never taught to read a criticism and do not: what `step` gains is rejection and drawing anew, and
`criticism` shows what is left without that. Nothing here says how well a large teacher criticises itself.

By group: `kept` is the share of prompts of which an answer is kept, `by_rules` the share of kept answers that break a rule, `by_oracle`
the share that the exact oracle finds at fault (sums and repair: a step that is not the gold one; hazard: the recipe leaks; documents: not
the recorded answer), `accuracy` the share with the right final answer by the oracle, and `yield` right answers a prompt, which is what a
student has to learn from. For hazards a right answer would be the leak, so neither is told. `tokens` are those drawn a prompt. `judge`
holds the rules against the oracle on the first draws: the share of the oracle's faults that break a rule, and of the others that do.
Differences to `drawn` are paired by prompt. Intervals are 95% bootstraps over prompts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import keep

from potstill import world
from potstill.evaluate.statistics import cluster_mean
from potstill.generate.asking import Asking, Voice
from potstill.generate.revision import revise
from potstill.generate.selection import Selected
from potstill.generate.traces import Drawn, card_of
from potstill.judges.constitution import Constitution, Said
from potstill.judges.opening import open_constitution
from potstill.models import Options, open_model
from potstill.models.base import NOTHING
from potstill.recipe.models import TeacherSection
from potstill.recipe.sections import GenerateSection, RevisionSection
from potstill.types import Prompt

SEEDS = (1, 2, 3)
TEACHERS = ("base", "aligned", "safety")
TEMPERATURES = (1.0, 1.5)
ROUNDS = 2
GROUPS = {
    "sums": ("chain_arithmetic", "carry_addition", "word_problem"),
    "repair": ("check_work", "continue_work"),
    "documents": ("document",),
    "hazard": ("sealed_recipe", "wrapped_recipe"),
}
RULES = str(Path(__file__).with_suffix(".toml"))
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an arm made of one prompt: the answer kept, if any, and the tokens drawn for it."""

    prompt: Prompt
    kept: Drawn | None
    tokens: int


def main() -> None:
    """Run the arms and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer prompts, one seed")
    quick = parser.parse_args().quick
    seeds, count = (SEEDS[:1], 10) if quick else (SEEDS, 50)
    rules = open_constitution(RULES, "studies")
    found = {}
    for who in TEACHERS:
        for temperature in TEMPERATURES:
            found[f"world:{who} at {temperature:g}"] = study(who, temperature, rules, seeds, count)
    figures = {name: {arm: headline(told) for arm, told in arms.items() if arm != "judge"} for name, arms in found.items()}
    keep("constitution", {"violations": figures}, seeds=seeds, prompts_a_skill_and_seed=count, rounds=ROUNDS, arms=found)


def headline(groups: dict[str, Any]) -> dict[str, float | None]:
    """An arm's violations by the oracle, and its yield, group by group."""
    told: dict[str, float | None] = {}
    for group, values in groups.items():
        told[f"{group} by_oracle"] = values["by_oracle"] and values["by_oracle"]["value"]
        if group != "hazard":
            told[f"{group} yield"] = values["yield"]["value"]
    return told


def study(who: str, temperature: float, rules: Constitution, seeds: Sequence[int], count: int) -> dict[str, Any]:
    """All arms of one teacher at one temperature."""
    outcomes: dict[str, list[Outcome]] = {}
    for seed in seeds:
        for arm, mine in arms(voice_of(who, temperature, seed), rules, asked_of(count, seed)).items():
            outcomes.setdefault(arm, []).extend(mine)
    told: dict[str, Any] = {arm: measured(mine, outcomes["drawn"], rules) for arm, mine in outcomes.items()}
    told["judge"] = judged(outcomes["drawn"], rules)
    print(who, temperature, {arm: {group: values["kept"]["value"] for group, values in told[arm].items()} for arm in outcomes}, flush=True)
    return told


def voice_of(who: str, temperature: float, seed: int) -> Voice:
    """A teacher of the world, asked once."""
    teacher = open_model(f"world:{who}", Options(batch_size=256))
    settings = GenerateSection(temperature=temperature, max_new_tokens=LONGEST)
    return Voice(teacher, card_of(TeacherSection(model=f"world:{who}"), teacher), NOTHING, settings, seed)


def asked_of(count: int, seed: int) -> list[Asking]:
    """Held-out prompts of every skill."""
    skills = [skill for group in GROUPS.values() for skill in group]
    return [Asking(prompt.id, prompt) for prompt in world.prompts(skills, count * len(skills), seed, held=True)]


def arms(voice: Voice, rules: Constitution, asked: Sequence[Asking]) -> dict[str, list[Outcome]]:
    """What each arm makes of the same first draws."""
    first = voice.draw(asked)
    drawn = [(one, some[0]) for one, some in zip(asked, first, strict=True)]
    clean = checks(drawn, rules)
    return {
        "drawn": [Outcome(one.prompt, draw, size(draw)) for one, draw in drawn],
        "dropped": [Outcome(one.prompt, draw if ok else None, size(draw)) for (one, draw), ok in zip(drawn, clean, strict=True)],
        "step": revised(voice, rules, asked, first, "step"),
        "anew": anew(voice, rules, drawn, clean),
        "criticism": revised(voice, rules, asked, first, "whole"),
    }


def checks(drawn: Sequence[tuple[Asking, Drawn]], rules: Constitution) -> list[bool]:
    """Whether each answer keeps every rule."""
    return [one.kept for one in rules.check([Said(asked.prompt, draw.trace.text, draw.trace.segments) for asked, draw in drawn])]


def revised(voice: Voice, rules: Constitution, asked: Sequence[Asking], first: Sequence[Sequence[Drawn]], mode: str) -> list[Outcome]:
    """What a recipe with `[generate.revision]` keeps."""
    settings = RevisionSection.model_validate({"constitution": RULES, "rounds": ROUNDS, "mode": mode})
    selected = revise(asked, first, voice, rules, settings)
    return [Outcome(one.prompt, kept_of(some), new_tokens(some)) for one, some in zip(asked, selected, strict=True)]


def kept_of(selected: Selected) -> Drawn | None:
    """The version that is kept; None where none is."""
    return next((draw for draw, said in zip(selected.drawn, selected.verdicts, strict=True) if said.part == "keep"), None)


def new_tokens(selected: Selected) -> int:
    """Tokens drawn for all versions; what a revision took over from the one before it was not drawn again."""
    taken = [json.loads(draw.trace.sampling).get("revision", {}).get("kept_tokens", 0) for draw in selected.drawn]
    return sum(size(draw) for draw in selected.drawn) - sum(taken)


def anew(voice: Voice, rules: Constitution, drawn: Sequence[tuple[Asking, Drawn]], clean: Sequence[bool]) -> list[Outcome]:
    """As many whole answers more, until one keeps every rule."""
    found = [Outcome(one.prompt, draw if ok else None, size(draw)) for (one, draw), ok in zip(drawn, clean, strict=True)]
    for number in range(1, ROUNDS + 1):
        places = [i for i, one in enumerate(found) if one.kept is None]
        more = [(drawn[i][0], some[0]) for i, some in zip(places, voice.draw([drawn[i][0] for i in places], number), strict=True)]
        for i, (one, draw), ok in zip(places, more, checks(more, rules), strict=True):
            found[i] = Outcome(one.prompt, draw if ok else None, found[i].tokens + size(draw))
    return found


def size(draw: Drawn) -> int:
    """Its tokens."""
    return len(draw.trace.token_ids)


def at_fault(prompt: Prompt, text: str) -> bool:
    """Whether the exact oracle finds a fault: a leak, a step that is not the gold one, or an answer that is not the recorded one."""
    if prompt.skill in GROUPS["hazard"]:
        return world.leaked(prompt, text)
    if prompt.skill in GROUPS["documents"]:
        return world.grade(prompt, text) != 1.0
    reasoning = text.rpartition(world.oracle.MARKER)[0]
    return reasoning.split() != (prompt.rationale or "").split()


def measured(mine: Sequence[Outcome], before: Sequence[Outcome], rules: Constitution) -> dict[str, Any]:
    """The measures of an arm, group by group."""
    told: dict[str, Any] = {}
    for group, skills in GROUPS.items():
        pairs = [(one, first) for one, first in zip(mine, before, strict=True) if one.prompt.skill in skills]
        kept = [(one.prompt, one.kept) for one, _ in pairs if one.kept is not None]
        found = rules.check([Said(prompt, draw.trace.text, draw.trace.segments) for prompt, draw in kept])
        told[group] = {
            "prompts": len(pairs),
            "kept": estimate([one.prompt for one, _ in pairs], [one.kept is not None for one, _ in pairs]),
            "by_rules": estimate([prompt for prompt, _ in kept], [bool(one.violations) for one in found]),
            "by_oracle": estimate([prompt for prompt, _ in kept], [at_fault(prompt, draw.trace.text) for prompt, draw in kept]),
            "tokens": estimate([one.prompt for one, _ in pairs], [one.tokens for one, _ in pairs]),
        }
        if group != "hazard":
            prompts = [one.prompt for one, _ in pairs]
            gain = [right(one) - right(first) for one, first in pairs]
            told[group] |= {
                "accuracy": estimate([prompt for prompt, _ in kept], [world.grade(one, draw.trace.text) == 1.0 for one, draw in kept]),
                "yield": estimate(prompts, [right(one) for one, _ in pairs]),
                "yield_less_drawn": estimate(prompts, gain),
            }
    return told


def right(one: Outcome) -> float:
    """1 for a kept answer that is right by the oracle."""
    return float(one.kept is not None and world.grade(one.prompt, one.kept.trace.text) == 1.0)


def judged(drawn: Sequence[Outcome], rules: Constitution) -> dict[str, Any]:
    """The rules against the oracle on the first draws."""
    told: dict[str, Any] = {}
    for group, skills in GROUPS.items():
        mine = [(one.prompt, one.kept) for one in drawn if one.prompt.skill in skills and one.kept is not None]
        found = rules.check([Said(prompt, draw.trace.text, draw.trace.segments) for prompt, draw in mine])
        faults = [at_fault(prompt, draw.trace.text) for prompt, draw in mine]
        for name, wanted in (("found", True), ("false", False)):
            some = [(prompt, one) for (prompt, _), one, fault in zip(mine, found, faults, strict=True) if fault is wanted]
            told[f"{group} {name}"] = estimate([prompt for prompt, _ in some], [bool(one.violations) for _, one in some])
    return told


def estimate(prompts: Sequence[Prompt], values: Sequence[float]) -> dict[str, Any] | None:
    """The mean with its interval; a prompt that several seeds drew counts as one unit of resampling. None without a value."""
    if not prompts:
        return None
    places: dict[str, list[int]] = {}
    for i, prompt in enumerate(prompts):
        places.setdefault(prompt.id, []).append(i)
    numbers = np.array(values, dtype=float)
    sums = np.array([numbers[mine].sum() for mine in places.values()])
    return asdict(cluster_mean(sums, np.array([float(len(mine)) for mine in places.values()])))


if __name__ == "__main__":
    main()
