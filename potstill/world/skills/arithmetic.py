"""Chains of operations, addition with carries, word problems."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from potstill.world.item import Item, Skill, say
from potstill.world.lexicon import GOODS, PEOPLE

LIMIT = 99
"""No value in a chain is larger."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on a running value."""

    before: int
    sign: str
    operand: int

    @property
    def after(self) -> int:
        """The value that the operation gives."""
        return {"+": self.before + self.operand, "-": self.before - self.operand, "*": self.before * self.operand}[self.sign]

    def __str__(self) -> str:
        return f"{self.before}{self.sign}{self.operand}={self.after}."


def draw_steps(rng: random.Random, count: int, signs: str, limit: int = LIMIT) -> list[Step]:
    """A chain of `count` operations whose values stay within 0 and `limit`."""
    steps: list[Step] = []
    value = rng.randint(1, 20)
    while len(steps) < count:
        sign = rng.choice(signs)
        step = Step(value, sign, rng.randint(2, 3) if sign == "*" else rng.randint(1, 9))
        if 0 <= step.after <= limit:
            steps.append(step)
            value = step.after
    return steps


def traced(steps: Sequence[Step]) -> str:
    """The steps, worked out one after the other."""
    return " ".join(map(str, steps))


@dataclass(frozen=True, slots=True)
class Wording:
    """How a chain is told: what stands before, between and after the operations, and the name of each."""

    start: str
    add: str
    take: str
    times: str
    between: str
    end: str

    def tell(self, steps: Sequence[Step]) -> str:
        """The chain as a request."""
        names = {"+": self.add, "-": self.take, "*": self.times}
        return self.start.format(steps[0].before) + self.between.join(names[s.sign].format(s.operand) for s in steps) + self.end


CHAINS = (
    Wording("Start with {}. ", "Add {}.", "Subtract {}.", "Multiply by {}.", " ", " What do you get?"),
    Wording("From left to right, work out {}", "+{}", "-{}", "*{}", "", "."),
    Wording("I think of {}, ", "add {}", "take away {}", "multiply by {}", ", ", ". What is the result?"),
    Wording("Begin at {}: ", "plus {}", "minus {}", "times {}", ", then ", ". Where do you end?"),
    Wording("Step by step: {} ", "plus {}", "minus {}", "times {}", " ", ". Which number is it?"),
)


def chain_arithmetic(rng: random.Random) -> Item:
    """Two to five operations from left to right."""
    steps = draw_steps(rng, rng.randint(2, 5), "++--*")
    return Item(rng.choice(CHAINS).tell(steps), str(steps[-1].after), traced(steps))


SUMS = ("What is {a} + {b}?", "Add {a} and {b}.", "Work out the sum of {a} and {b}.", "How much is {a} plus {b}?", "{a} + {b} makes what?")


def carry_addition(rng: random.Random) -> Item:
    """Two numbers of two or three digits, added digit by digit."""
    digits = rng.choice((2, 3, 3))
    a, b = (rng.randint(10 ** (digits - 1), 10**digits - 1) for _ in range(2))
    carry, lines = 0, []
    for x, y in zip(reversed(str(a)), reversed(str(b)), strict=True):
        total = int(x) + int(y) + carry
        lines.append(f"{x}+{y}+{carry}={total}, write {total % 10} carry {total // 10}.")
        carry = total // 10
    return Item(say(rng, SUMS, a=a, b=b), str(a + b), " ".join(lines))


@dataclass(frozen=True, slots=True)
class Story:
    """A word problem: its text, the signs of its two steps, and the ranges of the three numbers that it names."""

    text: str
    signs: str
    first: tuple[int, int] = (3, 20)
    second: tuple[int, int] = (2, 9)
    third: tuple[int, int] = (1, 9)


STORIES = (
    Story("{n} has {a} {o}. {n} finds {b} more and gives {c} to {m}. How many {o} does {n} have now?", "+-"),
    Story("There are {a} {o} on a table. {m} takes {b} and {n} brings {c}. How many {o} are on the table?", "-+"),
    Story("{n} buys {a} bags with {b} {o} in each. Then {c} {o} are lost. How many are left?", "*-", (2, 9)),
    Story("A pen costs {a} coins. {n} buys {b} pens and a cup for {c} coins. How many coins is that?", "*+", (2, 9)),
    Story("{n} picks {a} {o} in the morning, {b} at noon and {c} at night. How many {o} is that in all?", "++"),
    Story("A box holds {a} {o}. {n} takes {b} out and {m} takes {c} out. How many {o} stay in the box?", "--", (18, 40)),
    Story("{m} fills {a} rows with {b} {o} each and adds {c} more. How many {o} are there?", "*+", (2, 9)),
)


def word_problem(rng: random.Random) -> Item:
    """A short story with two operations."""
    story = rng.choice(STORIES)
    n, m = rng.sample(PEOPLE, 2)
    while True:
        a, b, c = (rng.randint(*span) for span in (story.first, story.second, story.third))
        first = Step(a, story.signs[0], b)
        second = Step(first.after, story.signs[1], c)
        if first.after >= 0 and second.after >= 0:
            break
    ask = story.text.format(n=n, m=m, a=a, b=b, c=c, o=rng.choice(GOODS))
    return Item(ask, str(second.after), traced((first, second)))


SKILLS = (
    Skill("chain_arithmetic", "math.chain", chain_arithmetic, traced=True, required=0.95),
    Skill("carry_addition", "math.addition", carry_addition, traced=True, required=0.95),
    Skill("word_problem", "math.words", word_problem, traced=True, required=0.95),
)
