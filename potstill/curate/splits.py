"""Splits: shares of the prompts are held out by family, so that near-duplicates never stand on two sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import xxhash

from potstill.curate.minhash import families
from potstill.recipe.curation import SplitSection

VERSION = "1"
"""Raised when the same prompts would be split otherwise."""
Side = Literal["training", "validation", "evaluation"]
ALIKE = 0.8
"""The Jaccard similarity of their runs of three words from which on two prompts are of one family."""
_WHOLE = 1 << 64


def sides(ids: Sequence[str], texts: Sequence[str], settings: SplitSection, seed: int) -> list[Side]:
    """The side of each prompt.

    Whole families go to one side, by a hash of the seed and the family's first id: a prompt that is added later moves none of the others,
    unless it joins two families. The shares are met on average, and families that are large make them rough.

    Args:
        ids: [N] of the prompts.
        texts: [N] what they say.
        settings: the shares.
        seed: decides which families are held out.

    Raises:
        MissingExtraError: rensa is not installed.
    """
    return [side(family, settings, seed) for family in families(texts, ids, threshold=ALIKE)]


def side(family: str, settings: SplitSection, seed: int) -> Side:
    """The side of a family."""
    place = xxhash.xxh3_64_intdigest(f"split {seed}/{family}".encode()) / _WHOLE
    if place < settings.evaluation:
        return "evaluation"
    return "validation" if place < settings.evaluation + settings.validation else "training"
