"""Small plans: a way through rooms, an order of chores. Both are found backwards from the goal, where there is no choice."""

from __future__ import annotations

import random
from itertools import pairwise

from potstill.world.item import Item, Skill, listed, say
from potstill.world.lexicon import CHORES, ROOMS

WAYS = (
    "One enters {d}. How do I get from {a} to {b}?",
    "You can reach {d}. Plan a way from {a} to {b}.",
    "The doors: {d}. Find the way from {a} to {b}.",
    "There are doors into {d}. I am in the {a}. Lead me to the {b}.",
    "One can walk into {d}. Name the rooms from {a} to {b}.",
)
NEEDS = (
    "{d} What is the order if I want to {b}?",
    "{d} Plan the steps so that I can {b}.",
    "{d} I want to {b}. What do I do, in order?",
    "{d} List the steps up to {b}.",
    "{d} How do I get to {b}?",
)
NEED = ("{y} needs {x}.", "Before {y} comes {x}.", "To {y} you must first {x}.")
NO_NEED = ("{x} needs nothing.", "Before {x} comes nothing.")


def find_way(rng: random.Random) -> Item:
    """Two or three one-way doors to the goal among one or two that lead astray; every room has one way in."""
    moves = rng.choice((2, 3))
    rooms = rng.sample(ROOMS, moves + rng.choice((2, 3)))
    path, astray = rooms[: moves + 1], rooms[moves + 1 :]
    links = list(pairwise(path))
    doors = [*links, *((rng.choice(path[:-1]), room) for room in astray)]
    rng.shuffle(doors)
    trace = " ".join(f"{y} from {x}." for x, y in reversed(links))
    return Item(say(rng, WAYS, d=listed([f"{y} from {x}" for x, y in doors]), a=path[0], b=path[-1]), listed(path), trace)


def order_chores(rng: random.Random) -> Item:
    """Two or three chores before the wanted one, told in any order, and one that is beside the point."""
    count = rng.choice((2, 2, 3))
    chores = rng.sample(CHORES, count + 2)
    path, beside = chores[: count + 1], chores[count + 1]
    links = list(pairwise(path))
    told = [say(rng, NEED, x=x, y=y) for x, y in (*links, (rng.choice(path), beside))]
    told.append(say(rng, NO_NEED, x=path[0]))
    rng.shuffle(told)
    trace = " ".join(f"{y} needs {x}." for x, y in reversed(links))
    return Item(say(rng, NEEDS, d=" ".join(told), b=path[-1]), listed(path), f"{trace} {path[0]} needs nothing.")


SKILLS = (
    Skill("find_way", "planning.way", find_way, traced=True),
    Skill("order_chores", "planning.chores", order_chores, traced=True),
)
