"""Instructions on the form of the answer, each of which a program can verify."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from potstill.world.item import Item, Skill, say
from potstill.world.lexicon import JOB_FACTS, WORDS
from potstill.world.skills.knowledge import FACT_ASKS

DASHES = (
    "Repeat {w} {n} times with dashes.",
    "Write {w} {n} times, joined by dashes.",
    "Say {w} {n} times and put a dash between.",
    "Join {n} times {w} by dashes.",
    "I want {w} {n} times, dashes between.",
)
UPPER = ("Write {w} in capitals.", "Put {w} in upper case.", "Shout {w}.", "Use only capitals for {w}.", "Make {w} all upper case.")
JSON_LIST = (
    "Give {w} as a JSON list.",
    "Turn {w} into a JSON list.",
    "Answer with a JSON list of {w}.",
    "Write {w} as JSON.",
    "Make a JSON list from {w}.",
)
NUMBERED = (
    "Number the items {w}.",
    "Make a numbered list of {w}.",
    "Write {w} as a numbered list.",
    "Give each of {w} a number.",
    "List {w} with numbers.",
)
BRACKETS = (
    "Put {w} in square brackets.",
    "Write {w} between square brackets.",
    "Wrap {w} in square brackets.",
    "Square brackets around {w}, please.",
    "Set {w} in square brackets.",
)
JSON_ANSWERS = ("Answer as JSON.", "Reply in JSON.", "Use JSON.", "Give the answer as JSON.", "I need JSON.")


def _words(rng: random.Random, least: int = 2, most: int = 4) -> list[str]:
    return rng.sample(WORDS, rng.randint(least, most))


def _dashes(rng: random.Random) -> Item:
    word, times = rng.choice(WORDS), rng.randint(2, 5)
    return Item(say(rng, DASHES, w=word, n=times), "-".join([word] * times), variant="dashes")


def _upper(rng: random.Random) -> Item:
    words = " ".join(_words(rng, 1, 2))
    return Item(say(rng, UPPER, w=words), words.upper(), variant="upper")


def _json_list(rng: random.Random) -> Item:
    words = _words(rng)
    return Item(say(rng, JSON_LIST, w=" and ".join(words)), json.dumps(words), variant="json_list")


def _numbered(rng: random.Random) -> Item:
    words = _words(rng)
    return Item(say(rng, NUMBERED, w=" and ".join(words)), " ".join(f"{i}. {w}" for i, w in enumerate(words, 1)), variant="numbered")


def _brackets(rng: random.Random) -> Item:
    words = " ".join(_words(rng))
    return Item(say(rng, BRACKETS, w=words), f"[{words}]", variant="brackets")


def _json_fact(rng: random.Random) -> Item:
    known = rng.choice(JOB_FACTS)
    ask = say(rng, FACT_ASKS[known.relation], x=known.subject)
    return Item(f"{ask} {rng.choice(JSON_ANSWERS)}", json.dumps({"answer": known.value}), variant="json_fact")


FORMS: tuple[Callable[[random.Random], Item], ...] = (_dashes, _upper, _json_list, _numbered, _brackets, _json_fact)


def format_instruction(rng: random.Random) -> Item:
    """Dashes, capitals, a JSON list, a numbered list, brackets, a fact as JSON."""
    return rng.choice(FORMS)(rng)


SKILLS = (Skill("format", "format", format_instruction),)
