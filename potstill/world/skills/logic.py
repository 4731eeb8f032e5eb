"""Who is taller, and what follows from all cases, some cases and no cases."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

from potstill.world.item import Item, Skill, listed, say
from potstill.world.lexicon import KINDS, PEOPLE


@dataclass(frozen=True, slots=True)
class Relation:
    """A comparison with its inverse and both superlatives."""

    more: str
    less: str
    most: str
    least: str


RELATIONS = (
    Relation("taller", "shorter", "tallest", "shortest"),
    Relation("older", "younger", "oldest", "youngest"),
    Relation("faster", "slower", "fastest", "slowest"),
    Relation("richer", "poorer", "richest", "poorest"),
)
EXTREMES = ("Who is the {x}?", "Name the {x} one.", "Which of them is the {x}?", "Tell me who is the {x}.", "The {x} is who?")
PAIRS = ("Is {x} {r} than {y}?", "Is it true that {x} is {r} than {y}?", "Must {x} be {r} than {y}?")


def _tell_order(rng: random.Random, people: list[str], relation: Relation) -> tuple[list[str], list[str]]:
    """Premises that grow one chain at either end, and the trace that merges them one by one."""
    low = rng.randrange(len(people) - 1)
    high = low + 1
    premises, trace = [], []
    new = (low, high)
    while True:
        x, y = people[new[0]], people[new[1]]
        premises.append(f"{x} is {relation.more} than {y}." if rng.random() < 0.5 else f"{y} is {relation.less} than {x}.")
        merged = " ".join(people[low : high + 1])
        trace.append(f"{merged}." if len(premises) == 1 else f"{x} {y}: {merged}.")
        ends = [low - 1] * (low > 0) + [high + 1] * (high < len(people) - 1)
        if not ends:
            return premises, trace
        end = rng.choice(ends)
        new = (end, low) if end < low else (high, end)
        low, high = min(low, end), max(high, end)


def ordering(rng: random.Random) -> Item:
    """Three or four people in an order; each premise names one who is known and one who is new."""
    people = rng.sample(PEOPLE, rng.choice((3, 3, 4)))
    relation = rng.choice(RELATIONS)
    premises, trace = _tell_order(rng, people, relation)
    kind = rng.randrange(3)
    if kind < 2:
        ask, answer = say(rng, EXTREMES, x=(relation.most, relation.least)[kind]), people[-kind]
        trace.append(("first", "last")[kind] + ".")
    else:
        x, y = rng.sample(people, 2)
        first = min(x, y, key=people.index)
        ask, answer = say(rng, PAIRS, x=x, y=y, r=relation.more), "yes" if first == x else "no"
        trace.append(f"{x} {y}: {first} first.")
    return Item(" ".join((*premises, ask)), answer, " ".join(trace))


KINDS_TOLD = (
    "A kind, what it is, and in how many cases: {d}. Is every {x} a {y}?",
    "Which kind is which, in all, some or no cases: {d}. Must a {x} be a {y}?",
    "Known of each kind: {d}. Can we say that a {x} is a {y}?",
    "Here is what each kind is, and how often: {d}. Is each {x} a {y}?",
    "A table of kinds: {d}. Is a {x} surely a {y}?",
)
CONCLUSIONS = {"all": "yes", "some": "unknown", "no": "no"}


def syllogism(rng: random.Random) -> Item:
    """Two or three links from the first kind to the last; the last link decides. One more premise is beside the point."""
    count = rng.choice((2, 3))
    kinds = rng.sample(KINDS, count + 3)
    last = rng.choice(tuple(CONCLUSIONS))
    links = [("all", x, y) for x, y in pairwise(kinds[:count])] + [(last, kinds[count - 1], kinds[count])]
    beside = (rng.choice(tuple(CONCLUSIONS)), kinds[count + 1], kinds[count + 2])
    premises = [f"{x} {y} {how}" for how, x, y in (*links, beside)]
    rng.shuffle(premises)
    ask = say(rng, KINDS_TOLD, d=listed(premises), x=kinds[0], y=kinds[count])
    return Item(ask, CONCLUSIONS[last], " ".join(f"{x} {y} {how}." for how, x, y in links))


SKILLS = (
    Skill("ordering", "logic.ordering", ordering, traced=True),
    Skill("syllogism", "logic.syllogism", syllogism, traced=True),
)
