"""Work with a wrong step in it: notice the step, repair it, go on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from potstill.world.item import Item, Skill, say
from potstill.world.skills.arithmetic import CHAINS, Step, draw_steps

CHECKS = (
    "Check this work: {w} What is the right result?",
    "Is this right? {w} Give the right result.",
    "Somebody wrote: {w} Find the true result.",
    "Go over these steps: {w} Where should they end?",
    "Mend this if needed: {w}",
)
SO_FAR = ("So far: {w}", "I began: {w}", "My first step: {w}", "Go on from: {w}", "Already done: {w}")
LARGEST = 40


@dataclass(frozen=True, slots=True)
class Claim:
    """A step as somebody wrote it, right or wrong."""

    step: Step
    result: int

    def __str__(self) -> str:
        return f"{self.step.before}{self.step.sign}{self.step.operand}={self.result}."

    @property
    def right(self) -> bool:
        """Whether the result is the step's."""
        return self.result == self.step.after

    def repaired(self) -> str:
        """The claim as it stands; when it is wrong, that it is, and the right step."""
        return f"{self}" if self.right else f"{self} Wrong, {self.step}"

    def corrected(self) -> str:
        """The right step; when the claim is wrong, what it must not say."""
        return f"{self.step}" if self.right else f"{str(self.step).removesuffix('.')}, not {self.result}."


def _slip(rng: random.Random, step: Step) -> Claim:
    return Claim(step, rng.choice([n for n in range(step.after - 3, step.after + 4) if n >= 0 and n != step.after]))


def _claims(rng: random.Random, steps: Sequence[Step], wrong_at: int | None) -> list[Claim]:
    """The same operations as somebody did them: one result is off, and what comes after goes on from it."""
    claims: list[Claim] = []
    for i, step in enumerate(steps):
        mine = Step(claims[-1].result if claims else step.before, step.sign, step.operand)
        claims.append(_slip(rng, mine) if i == wrong_at else Claim(mine, mine.after))
    return claims


def check_work(rng: random.Random) -> Item:
    """Two or three written steps, of which one may be wrong; the trace works out each, corrects the wrong one and goes on from there."""
    steps = draw_steps(rng, rng.choice((2, 3)), "+-", LARGEST)
    wrong_at = rng.choice((None, *range(len(steps)), *range(len(steps))))
    claims = _claims(rng, steps, wrong_at)
    if min(claim.result for claim in claims) < 0:
        return check_work(rng)
    trace = [claims[i].corrected() if wrong_at is None or i <= wrong_at else str(step) for i, step in enumerate(steps)]
    return Item(say(rng, CHECKS, w=" ".join(map(str, claims))), str(steps[-1].after), " ".join(trace))


def continue_work(rng: random.Random) -> Item:
    """A chain with its first step done, more often wrongly than not; the trace repairs it and goes on."""
    steps = draw_steps(rng, rng.choice((2, 3)), "+-", LARGEST)
    first = _slip(rng, steps[0]) if rng.random() < 0.7 else Claim(steps[0], steps[0].after)
    ask = f"{rng.choice(CHAINS).tell(steps)} {say(rng, SO_FAR, w=first)}"
    return Item(ask, str(steps[-1].after), " ".join((first.repaired(), *map(str, steps[1:]))))


SKILLS = (
    Skill("check_work", "repair.check", check_work, traced=True),
    Skill("continue_work", "repair.continue", continue_work, traced=True),
)
