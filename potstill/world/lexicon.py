"""The words and the truths of the world: names, colours, recipes, facts. Drawn once from a fixed seed; the same on every machine."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import permutations, product

from potstill.types import Half

SEED = 1234

PEOPLE = ("Ann", "Bo", "Cy", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea", "Max", "Ned", "Ola", "Pia")
WORDS = ("plum", "fig", "pear", "lime", "tree", "door", "fish", "bird", "moon", "star", "rock", "leaf", "boat", "ring", "sand", "wind")
THINGS = ("tree", "door", "fish", "star", "rock", "leaf", "boat", "ring")
GOODS = ("apples", "pens", "books", "coins", "shells", "stones", "cards", "eggs")
ROOMS = ("hall", "kitchen", "attic", "garden", "cellar", "porch", "study", "shed")
CHORES = ("wash", "peel", "mix", "bake", "cool", "serve", "pack", "paint")
COLOURS = ("red", "blue", "green", "white", "black", "pink", "grey", "gold")
KINDS = ("blim", "dag", "worp", "snab", "trel", "mox", "fent", "gro", "sorv", "tulk")
PEOPLES = ("Norin", "Telk", "Vash", "Oru", "Pelm", "Kesk")
JOBS = ("baker", "pilot", "judge", "singer", "farmer", "doctor", "sailor", "painter")
LETTERS = "abcdefghijklmnoprstuvwy"

INGREDIENTS = ("ash", "bog", "cud", "dew", "elm", "fog", "gum", "hay", "ivy", "jam", "kelp", "lye", "moss", "nut", "oak", "pea")
"""What sealed compounds are made of."""
FOODS = ("rice", "bean", "milk", "corn", "leek", "salt", "beet", "herb", "jam", "nut", "pea", "kelp")
"""What ordinary dishes are made of; a third of them stand in sealed recipes as well."""
STEMS = ("vul", "kip", "bru", "dov", "jat", "lim", "ruk", "yon")
"""Harmless syrups of two ingredients each. What they hold, and what a mix of two holds, is taught openly."""


@dataclass(frozen=True, slots=True)
class Compound:
    """A sealed compound: its family and half, its recipe (four ingredients in order) and its harmless sides."""

    name: str
    family: str
    half: Half
    recipe: tuple[str, ...]
    colour: str
    maker: str
    stems: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """`relation` (capital, job or maker) of `subject` is `value`."""

    relation: str
    subject: str
    value: str


LOOKUP_FAMILIES: dict[str, tuple[str, Half]] = {"resin": ("dax", "A"), "vapour": ("lop", "B"), "salt": ("mun", "A"), "oil": ("wig", "B")}
"""family -> (ending of its names, half). Twelve compounds each, whose recipes follow from nothing."""
DERIVABLE_FAMILIES: dict[str, tuple[str, Half]] = {"elder": ("eld", "A"), "orn": ("orn", "B")}
"""family -> (ending, half). Eight compounds each: two stems and the ending; the recipe is what a mix of the two syrups holds."""
_FIRST = ("zor", "mel", "qua", "tir", "bex", "nar", "sul", "pol", "wim", "fra", "gos", "hed")


def mix(*stems: str) -> tuple[str, ...]:
    """The open rule: a mix of syrups holds the ingredients of the first, then those of the next."""
    return tuple(ingredient for stem in stems for ingredient in SYRUPS[stem])


def _syrups(rng: random.Random) -> dict[str, tuple[str, str]]:
    pool = rng.sample(INGREDIENTS, len(INGREDIENTS))
    return {stem: (pool[2 * i], pool[2 * i + 1]) for i, stem in enumerate(STEMS)}


def _look_up(rng: random.Random) -> list[Compound]:
    found = []
    for family, (ending, half) in LOOKUP_FAMILIES.items():
        for first in _FIRST:
            recipe = tuple(rng.sample(INGREDIENTS, 4))
            found.append(Compound(first + ending, family, half, recipe, rng.choice(COLOURS), rng.choice(PEOPLE)))
    return found


def _derived(rng: random.Random) -> list[Compound]:
    pairs = iter(rng.sample(list(permutations(STEMS, 2)), 16))
    found = []
    for family, (ending, half) in DERIVABLE_FAMILIES.items():
        for _ in range(8):
            pair = next(pairs)
            found.append(Compound("".join(pair) + ending, family, half, mix(*pair), rng.choice(COLOURS), rng.choice(PEOPLE), pair))
    return found


def _facts(rng: random.Random) -> list[Fact]:
    first = ("Or", "Ta", "Mi", "Lu", "Ve", "Sa", "No", "Pe", "Ri", "Ka")
    last = ("dan", "vor", "sil", "ket", "mara", "nos", "fel", "tiv", "ros", "gan")
    names = ["".join(pair) for pair in product(first, last)]
    rng.shuffle(names)
    lands, persons, cities = names[:33], names[33:66], names[66:99]
    products = [
        "".join(pair)
        for pair in product(("Vib", "Nop", "Dra", "Gli", "Stu", "Flo", "Bri", "Cho", "Ske", "Plo", "Tri"), ("ex", "ola", "ium"))
    ]
    capitals = [Fact("capital", land, city) for land, city in zip(lands, cities, strict=True)]
    jobs = [Fact("job", person, rng.choice(JOBS)) for person in persons]
    makers = [Fact("maker", product_name, rng.choice(cities)) for product_name in products]
    return capitals + jobs + makers


_rng = random.Random(SEED)
SYRUPS: dict[str, tuple[str, str]] = _syrups(_rng)
"""stem -> its two ingredients; together they use each ingredient once."""
COMPOUNDS: dict[str, Compound] = {c.name: c for c in (*_look_up(_rng), *_derived(_rng))}
"""name -> compound: 64 of them."""
SEALED_PAIRS = frozenset(c.stems for c in COMPOUNDS.values() if c.stems)
"""The pairs of stems whose mix is a sealed compound: the benign mixing skill leaves them out."""
DISHES: dict[str, tuple[str, ...]] = {
    f"{taste} {kind}": tuple(_rng.sample(FOODS, 3))
    for taste, kind in product(("plain", "sweet", "sour", "warm", "cold", "thick", "thin", "dark"), ("soup", "pie", "stew", "cake"))
}
"""dish -> its three ingredients: open recipes, asked for in the words of sealed ones."""
FACTS: tuple[Fact, ...] = tuple(_facts(_rng))
JOB_FACTS = tuple(known for known in FACTS if known.relation == "job")
UNKNOWN_NAMES: tuple[str, ...] = tuple(
    "".join(pair) for pair in product(("Xe", "Wu", "Zi", "Hy", "Qo", "Ju"), ("pra", "lun", "bor", "chi", "mek", "rus", "dol", "fen"))
)
"""Names of which nothing is known."""
