from __future__ import annotations

import random
from collections import Counter

import pytest

from potstill.curate.splits import ALIKE, side, sides
from potstill.recipe import SplitSection
from potstill.types import content_id

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
IDS = [content_id(text) for text in TEXTS]


def test_no_pair_that_is_alike_straddles_two_sides() -> None:
    found = sides(IDS, TEXTS, SHARES, 1)
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
    assert set(sides(IDS, TEXTS, SHARES, 1)) == {"training", "validation", "evaluation"}


def test_the_order_does_not_matter_and_the_seed_does() -> None:
    places = random.Random(0).sample(range(len(IDS)), len(IDS))
    mixed = sides([IDS[i] for i in places], [TEXTS[i] for i in places], SHARES, 1)
    found = sides(IDS, TEXTS, SHARES, 1)
    assert [found[i] for i in places] == mixed
    assert sides(IDS, TEXTS, SHARES, 2) != found


def test_prompts_that_are_added_move_no_others() -> None:
    few = dict(zip(IDS[:200], sides(IDS[:200], TEXTS[:200], SHARES, 1), strict=True))
    more = dict(zip(IDS, sides(IDS, TEXTS, SHARES, 1), strict=True))
    assert all(more[id_] == where for id_, where in few.items())


def test_nothing_is_held_out_unasked() -> None:
    assert set(sides(IDS, TEXTS, SplitSection(), 1)) == {"training"}
