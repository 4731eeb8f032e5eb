from __future__ import annotations

import random
from collections import Counter

import pytest

from potstill.attacks import by_wrapper, open_attack, stressed
from potstill.curate.splits import ALIKE, kin, side, sides
from potstill.recipe import SplitSection
from potstill.store.tables import from_rows
from potstill.types import Message, Prompt

pytest.importorskip("rensa", reason="near duplicates need the extra 'curate'")
SHARES = SplitSection(validation=0.1, evaluation=0.2)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[place : place + 3]) for place in range(len(words) - 2)}


def similarity(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def copies(count: int, each: int) -> list[str]:
    """Texts of forty words, each with near copies in which a word of its own stands at the end, or a word was changed."""
    rng = random.Random(5)
    found = []
    for _ in range(count):
        words = [f"w{rng.randrange(4000)}" for _ in range(40)]
        found.append(" ".join(words))
        for copy in range(each):
            changed = list(words)
            changed[rng.randrange(40) if copy % 2 else 39] = f"x{rng.randrange(4000)}"
            found.append(" ".join(changed))
    return found


TEXTS = copies(120, 3)
ASKED = from_rows([Prompt((Message("user", text),)) for text in TEXTS], Prompt)
IDS = ASKED["id"].to_pylist()


def test_no_pair_that_is_alike_straddles_two_sides() -> None:
    found = sides(ASKED, SHARES, 1)
    sets = [shingles(text) for text in TEXTS]
    alike = straddling = 0
    for i, one in enumerate(sets):
        for j in range(i + 1, len(sets)):
            if len(one & sets[j]) and similarity(TEXTS[i], TEXTS[j]) >= ALIKE:
                alike += 1
                straddling += found[i] != found[j]
    assert alike > 300
    assert straddling == 0


def test_the_shares_are_met_on_average() -> None:
    counts = Counter(side(f"{place:016x}", SHARES, 3) for place in range(20_000))
    assert counts["evaluation"] == pytest.approx(4000, rel=0.05)
    assert counts["validation"] == pytest.approx(2000, rel=0.08)


def test_all_sides_have_some() -> None:
    assert set(sides(ASKED, SHARES, 1)) == {"training", "validation", "evaluation"}


def test_the_order_does_not_matter_and_the_seed_does() -> None:
    places = random.Random(0).sample(range(len(IDS)), len(IDS))
    mixed = sides(ASKED.take(places), SHARES, 1)
    found = sides(ASKED, SHARES, 1)
    assert [found[i] for i in places] == mixed
    assert sides(ASKED, SHARES, 2) != found


def test_prompts_that_are_added_move_no_others() -> None:
    few = dict(zip(IDS[:200], sides(ASKED.slice(0, 200), SHARES, 1), strict=True))
    more = dict(zip(IDS, sides(ASKED, SHARES, 1), strict=True))
    assert all(more[id_] == where for id_, where in few.items())


def test_nothing_is_held_out_unasked() -> None:
    assert set(sides(ASKED, SplitSection(), 1)) == {"training"}


@pytest.mark.parametrize("source", ["mine.jsonl:{}", "world:2/fact"])
def test_an_attack_its_request_and_its_twin_are_of_one_family(source: str) -> None:
    attacks = [open_attack(name) for name in ("base64", "leetspeak", "prefix_injection")]
    hazards = [Prompt((Message("user", TEXTS[4 * n]),), intent="hazard", source=source.format(n)) for n in range(60)]
    harmless = by_wrapper([Prompt((Message("user", TEXTS[4 * n]),), source=f"safe.jsonl:{n}") for n in range(60, 120)])
    asked = [[hazard, *(one for family in attacks for one in stressed(family, hazard, harmless, 1))] for hazard in hazards]
    assert all(len(some) == 1 + 2 * len(attacks) for some in asked)
    found = iter(sides(from_rows([one for some in asked for one in some], Prompt), SHARES, 1))
    together = [{next(found) for _ in some} for some in asked]
    assert [len(some) for some in together] == [1] * len(hazards)
    assert set().union(*together) == {"training", "validation", "evaluation"}


def test_twins_of_an_attack_that_was_left_out_stay_together() -> None:
    assert kin(["1", "2", "3"], ["a.csv:1", "a.csv:2", "b.csv:1"], ["f", "f", None]) == ["f", "f", "b.csv:1"]
