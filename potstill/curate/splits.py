"""Splits: shares of the prompts are held out by family, so that near-duplicates never stand on two sides.

An attack is of one family with the request that it was made of, with the other attacks on that, and with its harmless twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa
import xxhash

from potstill.attacks.base import root
from potstill.curate.minhash import families
from potstill.curate.strata import texts
from potstill.recipe.curation import SplitSection

VERSION = "2"
"""Raised when the same prompts would be split otherwise."""
Side = Literal["training", "validation", "evaluation"]
ALIKE = 0.8
"""The Jaccard similarity of their runs of three words from which on two prompts are of one family."""
_WHOLE = 1 << 64


def sides(prompts: pa.Table, settings: SplitSection, seed: int) -> list[Side]:
    """The side of each prompt.

    Whole families go to one side, by a hash of the seed and the family's first id: a prompt that is added later moves none of the others,
    unless it joins two families. The shares are met on average, and families that are large make them rough.

    Args:
        prompts: [N] rows with the columns `strata.COLUMNS`.
        settings: the shares.
        seed: decides which families are held out.

    Raises:
        MissingExtraError: rensa is not installed.
    """
    ids = prompts["id"].to_pylist()
    of = kin(ids, prompts["source"].to_pylist(), prompts["twin_of"].to_pylist())
    return [side(family, settings, seed) for family in families(texts(prompts), ids, kin=of, threshold=ALIKE)]


def kin(ids: Sequence[str], sources: Sequence[str], twin_of: Sequence[str | None]) -> list[str]:
    """What each prompt belongs to: the request that it is, or that it was made of; a twin belongs where its attack does.

    A request is known by its row, and where its source names none by its id: of a source without rows that is put with a template, and
    attacked by another source, attacks and request are not known to belong together.

    Args:
        ids: [N] of the prompts.
        sources: [N] where they came from.
        twin_of: [N] the attack whose harmless twin they are; None where they are nobody's.
    """
    own = {id_: root(source, id_) for id_, source in zip(ids, sources, strict=True)}
    return [own[id_] if attack is None else own.get(attack, attack) for id_, attack in zip(ids, twin_of, strict=True)]


def side(family: str, settings: SplitSection, seed: int) -> Side:
    """The side of a family."""
    place = xxhash.xxh3_64_intdigest(f"split {seed}/{family}".encode()) / _WHOLE
    if place < settings.evaluation:
        return "evaluation"
    return "validation" if place < settings.evaluation + settings.validation else "training"
