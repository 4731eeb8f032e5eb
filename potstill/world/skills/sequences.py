"""Strings (spelled with separators) and lists: reverse, sort, count."""

from __future__ import annotations

import random

from potstill.world.item import Item, Skill, listed, say
from potstill.world.lexicon import LETTERS, WORDS

BACKWARDS = (
    "Spell {s} backwards.",
    "Reverse the string {s}.",
    "What is {s} from right to left?",
    "Turn the letters {s} round.",
    "Write {s} from its end to its start.",
)
LENGTHS = (
    "How many letters has {s}?",
    "Count the letters of {s}.",
    "How long is the string {s}?",
    "Tell me the number of letters in {s}.",
    "What is the length of {s}?",
)
OCCURRENCES = (
    "How often does {w} stand in this list: {s}?",
    "Count {w} in the list {s}.",
    "In the list {s}, how many times do you see {w}?",
    "Here is a list: {s}. How many are {w}?",
    "Look at {s}. How often is it {w}?",
)
REVERSALS = (
    "Reverse the list {s}.",
    "Say these words backwards in order: {s}.",
    "Write {s} in the opposite order.",
    "Turn this list round: {s}.",
    "Give {s} from last to first.",
)
SORTS = (
    "Sort these numbers: {s}.",
    "Put {s} in rising order.",
    "Order from small to large: {s}.",
    "Arrange {s} from the least to the greatest.",
    "What is {s} when sorted?",
)


def _spelled(rng: random.Random, longest: int) -> list[str]:
    return rng.sample(LETTERS, rng.randint(3, longest))


def reverse_string(rng: random.Random) -> Item:
    """Three to six different letters, backwards."""
    letters = _spelled(rng, 6)
    return Item(say(rng, BACKWARDS, s="-".join(letters)), "-".join(reversed(letters)))


def count_letters(rng: random.Random) -> Item:
    """How long a spelled string is, with a running count."""
    letters = _spelled(rng, 8)
    trace = listed([f"{letter} {i}" for i, letter in enumerate(letters, 1)])
    return Item(say(rng, LENGTHS, s="-".join(letters)), str(len(letters)), trace + ".")


def count_words(rng: random.Random) -> Item:
    """How often a word stands in a numbered list; the trace holds each word against the wanted one and counts on."""
    pool = rng.sample(WORDS, 3)
    words = [rng.choice(pool) for _ in range(rng.choice((4, 5)))]
    wanted, seen, trace = rng.choice(words), 0, []
    for i, word in enumerate(words, 1):
        seen += word == wanted
        trace.append(f"{i} {word} {wanted} {'yes' if word == wanted else 'no'} {seen}")
    numbered = listed([f"{i} {word}" for i, word in enumerate(words, 1)])
    return Item(say(rng, OCCURRENCES, s=numbered, w=wanted), str(seen), listed(trace) + ".")


def reverse_list(rng: random.Random) -> Item:
    """Three to five different words, from last to first."""
    words = rng.sample(WORDS, rng.randint(3, 5))
    return Item(say(rng, REVERSALS, s=listed(words)), listed(words[::-1]))


def sort_numbers(rng: random.Random) -> Item:
    """Three or four numbers of different tens; the trace takes the least of what is left."""
    numbers = [10 * tens + rng.randrange(10) for tens in rng.sample(range(1, 10), rng.choice((3, 3, 4)))]
    left, trace = list(numbers), []
    while len(left) > 1:
        trace.append(f"{listed(left)}: {min(left)}.")
        left.remove(min(left))
    return Item(say(rng, SORTS, s=listed(numbers)), listed(sorted(numbers)), " ".join(trace))


SKILLS = (
    Skill("reverse_string", "strings.reverse", reverse_string),
    Skill("count_letters", "strings.count", count_letters, traced=True),
    Skill("count_words", "strings.count", count_words, traced=True),
    Skill("reverse_list", "lists.reverse", reverse_list, required=0.95),
    Skill("sort_numbers", "lists.sort", sort_numbers, traced=True, required=0.95),
)
