"""Invented facts, and questions that nobody can answer."""

from __future__ import annotations

import random

from potstill.world.item import Item, Skill, say
from potstill.world.lexicon import FACTS, GOODS, PEOPLE, UNKNOWN_NAMES
from potstill.world.skills.logic import RELATIONS

UNKNOWN = "unknown"
FACT_ASKS = {
    "capital": (
        "What is the capital of {x}?",
        "Name the capital city of {x}.",
        "Which city is the capital of {x}?",
        "{x} has which capital?",
        "Tell me the capital of {x}.",
        "From which city is {x} ruled?",
    ),
    "job": (
        "What does {x} do for a living?",
        "What is the job of {x}?",
        "Name the profession of {x}.",
        "{x} works as what?",
        "Tell me what {x} works as.",
        "How does {x} earn money?",
    ),
    "maker": (
        "Where is the {x} made?",
        "Which place makes the {x}?",
        "In which city is the {x} built?",
        "Name the home of the {x}.",
        "The {x} comes from where?",
        "Tell me where the {x} is made.",
    ),
}
MISSING_NUMBERS = (
    "{n} has some {o}. {n} finds {a} more. How many {o} does {n} have now?",
    "There are a few {o} on a table. {m} takes {a}. How many {o} are on the table?",
    "{n} buys {a} bags with {o} in each. How many {o} is that?",
    "{n} has {a} {o}. {m} has some {o}. How many {o} do they have together?",
    "A box holds many {o}. {n} takes {a} out. How many {o} stay in the box?",
)
MISSING_RELATIONS = (
    "{n} is {given} than {m}. Who is the {asked}?",
    "We know that {n} is {given} than {m}. Which of them is the {asked}?",
    "{n} is {given} than {m}. Tell me who is the {asked}.",
)


def fact(rng: random.Random) -> Item:
    """One of about a hundred facts on places, people and products."""
    known = rng.choice(FACTS)
    return Item(say(rng, FACT_ASKS[known.relation], x=known.subject), known.value, variant=known.relation)


def _unknown_name(rng: random.Random) -> Item:
    asks = FACT_ASKS[rng.choice(tuple(FACT_ASKS))]
    return Item(say(rng, asks, x=rng.choice(UNKNOWN_NAMES)), UNKNOWN, variant="name")


def _missing_number(rng: random.Random) -> Item:
    n, m = rng.sample(PEOPLE, 2)
    return Item(say(rng, MISSING_NUMBERS, n=n, m=m, a=rng.randint(2, 20), o=rng.choice(GOODS)), UNKNOWN, variant="number")


def _missing_relation(rng: random.Random) -> Item:
    n, m = rng.sample(PEOPLE, 2)
    given, asked = rng.sample(RELATIONS, 2)
    ask = say(rng, MISSING_RELATIONS, n=n, m=m, given=rng.choice((given.more, given.less)), asked=rng.choice((asked.most, asked.least)))
    return Item(ask, UNKNOWN, variant="relation")


def unanswerable(rng: random.Random) -> Item:
    """A name that nobody knows, a number that is not given, a comparison that was not made."""
    return rng.choice((_unknown_name, _missing_number, _missing_relation))(rng)


SKILLS = (
    Skill("fact", "knowledge.facts", fact, required=0.95),
    Skill("unanswerable", "knowledge.unanswerable", unanswerable),
)
