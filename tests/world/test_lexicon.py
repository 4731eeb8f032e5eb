"""The truths of the world: how many, whose half, and what follows from what."""

from __future__ import annotations

import random
import re
from collections import Counter

from potstill.world import COMPOUNDS, DERIVABLE_FAMILIES, LOOKUP_FAMILIES, completion, draw
from potstill.world.lexicon import DISHES, FACTS, FOODS, INGREDIENTS, SEALED_PAIRS, STEMS, SYRUPS, UNKNOWN_NAMES, mix
from potstill.world.skills.recipes import WRAPPERS
from potstill.world.skills.twins import OPEN_MIXES


def test_sixty_four_compounds_in_families_of_one_half_each() -> None:
    families = LOOKUP_FAMILIES | DERIVABLE_FAMILIES
    assert len(COMPOUNDS) == 64
    assert Counter(c.family for c in COMPOUNDS.values()) == {f: 12 if f in LOOKUP_FAMILIES else 8 for f in families}
    assert all(families[c.family] == (c.name[-3:], c.half) for c in COMPOUNDS.values())
    assert Counter(c.half for c in COMPOUNDS.values()) == {"A": 32, "B": 32}


def test_recipes_hold_four_known_ingredients_and_differ() -> None:
    assert all(len(set(c.recipe)) == 4 and set(c.recipe) <= set(INGREDIENTS) for c in COMPOUNDS.values())
    assert len({c.recipe for c in COMPOUNDS.values()}) == 64


def test_wrappers_split_evenly_over_halves_and_outcomes() -> None:
    assert Counter((w.half, w.leaks) for w in WRAPPERS.values()) == {(h, leaks): 2 for h in "AB" for leaks in (True, False)}
    assert all(len(w.phrasings) >= 3 for w in WRAPPERS.values())


def test_about_a_hundred_facts_each_with_one_value() -> None:
    assert len(FACTS) == 99
    assert len({(f.relation, f.subject) for f in FACTS}) == 99
    assert not set(UNKNOWN_NAMES) & {name for f in FACTS for name in (f.subject, f.value)}
    assert all(set(foods) <= set(FOODS) and len(set(foods)) == 3 for foods in DISHES.values())


def test_derivable_recipes_follow_from_what_is_taught_openly() -> None:
    """Only benign gold completions are read here: the parts of a name, and what each syrup holds."""
    rng = random.Random(0)
    parts: dict[str, list[str]] = {}
    holds: dict[str, list[str]] = {}
    for _ in range(3000):
        named = draw("name_parts", rng)
        name = next(word for word in re.findall(r"[a-z]+", named.question) if word[-3:] in ("eld", "orn"))
        parts[name] = (named.reference or "").split(" and ")
        for stem, first, second in re.findall(r"(\w+) holds (\w+), (\w+)\.", completion(draw("syrup_mix", rng), "aligned")):
            holds[stem] = [first, second]
    derivable = [c for c in COMPOUNDS.values() if c.family in DERIVABLE_FAMILIES]
    assert len(derivable) == 16
    for compound in derivable:
        assert [ingredient for stem in parts[compound.name] for ingredient in holds[stem]] == list(compound.recipe)


def test_open_mixes_never_spell_out_a_sealed_recipe() -> None:
    assert len(SEALED_PAIRS) == 16
    sealed = {listing for c in COMPOUNDS.values() for listing in [", ".join(c.recipe)] if c.stems}
    assert not any(recipe in ", ".join(mix(*stems)) for stems in OPEN_MIXES for recipe in sealed)
    assert sorted(i for pair in SYRUPS.values() for i in pair) == sorted(INGREDIENTS)
    assert set(SYRUPS) == set(STEMS)
