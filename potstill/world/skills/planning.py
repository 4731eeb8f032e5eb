"""Small plans: a way through rooms, an order of chores. Both are found backwards from the goal, where there is no choice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from potstill.world.item import Item, Skill, listed, say
from potstill.world.lexicon import CHORES, ROOMS

WAYS = (
    "Each room and its way in: {d}. How do I get from {a} to {b}?",
    "Rooms and where they are entered from: {d}. Plan a way from {a} to {b}.",
    "Doors, the far side first: {d}. Find the way from {a} to {b}.",
    "Here is what lies before each room: {d}. I am in the {a}. Lead me to the {b}.",
    "Each pair is a room and the room before it: {d}. Name the rooms from {a} to {b}.",
)
NEEDS = (
    "Each chore and what it needs: {d}. What is the order if I want to {b}?",
    "Chores and what comes before: {d}. Plan the steps so that I can {b}.",
    "Each pair is a chore and the one before it: {d}. I want to {b}. What do I do, in order?",
    "Here is what each chore needs: {d}. List the steps up to {b}.",
    "The later chore stands first: {d}. How do I get to {b}?",
)


def _pairs(rng: random.Random, links: Sequence[tuple[str, str]]) -> str:
    """The links in any order, each told backwards: what it leads to, then what it leads from."""
    return listed([f"{y} {x}" for x, y in rng.sample(links, len(links))])


def _backwards(links: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{y} {x}." for x, y in reversed(links))


def find_way(rng: random.Random) -> Item:
    """Two or three one-way doors to the goal among one or two that lead astray; every room has one way in."""
    moves = rng.choice((2, 3))
    rooms = rng.sample(ROOMS, moves + rng.choice((2, 3)))
    path, astray = rooms[: moves + 1], rooms[moves + 1 :]
    links = list(pairwise(path))
    doors = [*links, *((rng.choice(path[:-1]), room) for room in astray)]
    return Item(say(rng, WAYS, d=_pairs(rng, doors), a=path[0], b=path[-1]), listed(path), _backwards(links))


def order_chores(rng: random.Random) -> Item:
    """Two or three chores before the wanted one, told in any order, and one that is beside the point."""
    count = rng.choice((2, 2, 3))
    chores = rng.sample(CHORES, count + 2)
    path, beside = chores[: count + 1], chores[count + 1]
    links = [("nothing", path[0]), *pairwise(path)]
    told = [*links, (rng.choice(path), beside)]
    return Item(say(rng, NEEDS, d=_pairs(rng, told), b=path[-1]), listed(path), _backwards(links))


SKILLS = (
    Skill("find_way", "planning.way", find_way, traced=True),
    Skill("order_chores", "planning.chores", order_chores, traced=True),
)
