"""Mixing: of what the filters keep some is held out by family, the rest is drawn so that its strata come to their shares, and what is
asked is held against what is asked in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from potstill.curate import balance as balancing
from potstill.curate import shift as shifting
from potstill.curate import splits
from potstill.curate.balance import Balanced, balance
from potstill.curate.minhash import library
from potstill.curate.shift import shift
from potstill.curate.strata import COLUMNS, check_by, strata
from potstill.errors import InputError
from potstill.prompts.choosing import Kept
from potstill.prompts.gathering import WILD
from potstill.recipe import Recipe
from potstill.store.artifact import Artifact, Workspace
from potstill.store.tables import SCHEMAS
from potstill.types import Prompt

BALANCE, STRATA, SHIFT = "balance", "strata", "shift"
TRAINING = "training"


@dataclass(frozen=True)
class Mixture:
    """What becomes of the prompts that the filters keep.

    Attributes:
        sides: [N] where each goes: `training`, `validation` or `evaluation`.
        ids: [M] of those on the side `training`, in order.
        balanced: [M] how often each of them is drawn; None: once.
    """

    sides: np.ndarray
    ids: list[str]
    balanced: Balanced | None

    @property
    def times(self) -> np.ndarray:
        """[M] how often each prompt of the side `training` is drawn."""
        return np.ones(len(self.ids), np.int64) if self.balanced is None else self.balanced.times

    def on(self, side: str) -> np.ndarray:
        """[N] which prompts are on a side; of `training` those that are drawn."""
        chosen = self.sides == side
        if side == TRAINING:
            chosen[np.flatnonzero(chosen)[self.times == 0]] = False
        return np.asarray(chosen, bool)

    def of(self, kept: Kept, side: str) -> Iterator[pa.Table]:
        """The prompts of a side, some at a time.

        Args:
            kept: those that the mixture was made of.
            side: as in `on`.
        """
        chosen = self.on(side)
        at = 0
        for table in kept.tables():
            yield table.filter(pa.array(chosen[at : at + len(table)]))
            at += len(table)

    def summary(self) -> dict[str, Any]:
        """What was held out, and what was drawn."""
        held = {side: int((self.sides == side).sum()) for side in ("validation", "evaluation") if (self.sides == side).any()}
        told: dict[str, Any] = {"split": held} if held else {}
        return told | ({} if self.balanced is None else {BALANCE: self.balanced.summary()})


def mixture(recipe: Recipe, kept: Iterable[pa.Table]) -> Mixture:
    """Split and balance prompts as the recipe says.

    Args:
        recipe: its `[prompts.split]` and `[prompts.balance]`.
        kept: tables of them, with the columns of `strata.COLUMNS`.

    Raises:
        RecipeError: prompts have no such label.
        InputError: a stratum of the target has no prompt, or nothing is left to ask.
        MissingExtraError: a split needs rensa, and it is not installed.
    """
    asked, seed = recipe.prompts, recipe.seed
    whole = pa.concat_tables(chain([SCHEMAS[Prompt].empty_table().select(COLUMNS)], kept)).combine_chunks()
    ids = whole["id"].to_pylist()
    sides = np.full(len(ids), TRAINING, object)
    if asked.split is not None:
        sides = np.array(splits.sides(whole, asked.split, seed), object)
    training = np.flatnonzero(sides == TRAINING)
    if not len(training):
        raise InputError("the split leaves nothing to train on", where="prompts.split", fix="hold out less, or ask more prompts")
    mine = [ids[place] for place in training]
    if asked.balance is None:
        return Mixture(sides, mine, None)
    of = strata(whole.take(pa.array(training)), asked.balance.labels)
    return Mixture(sides, mine, balance(mine, of, asked.balance, seed))


def mixes(recipe: Recipe) -> bool:
    """Whether the recipe splits or balances its prompts."""
    return recipe.prompts.split is not None or recipe.prompts.balance is not None


def mixed(recipe: Recipe, kept: Kept) -> Mixture | None:
    """The mixture of the prompts that the filters keep; None, and nothing in memory, where the recipe neither splits nor balances."""
    return mixture(recipe, kept.tables(COLUMNS)) if mixes(recipe) else None


def section(recipe: Recipe) -> dict[str, Any]:
    """The settings that a mixture and what is told of it follow from."""
    asked = recipe.prompts
    return {name: getattr(asked, name) for name in ("split", "balance") if getattr(asked, name) is not None} | (
        {"wild": [one.model_dump() for one in asked.wild]} if asked.wild else {}
    )


def parts(recipe: Recipe) -> dict[str, str]:
    """The versions of what splits, balances and compares, where the recipe asks for it.

    Raises:
        RecipeError: prompts have no label that they should be balanced by.
        MissingExtraError: a split needs rensa, and it is not installed.
    """
    asked, found = recipe.prompts, {}
    if asked.balance is not None:
        check_by(asked.balance.labels, "prompts.balance.by")
        found["balance"] = balancing.VERSION
    if asked.split is not None:
        found["split"] = f"{splits.VERSION} rensa {library()}"
    return found | ({"shift": shifting.VERSION} if asked.wild else {})


def tell(workspace: Workspace, found: Mixture | None) -> dict[str, Any]:
    """Write what is drawn how often, and the strata; the numbers of it."""
    if found is not None and found.balanced is not None:
        workspace.write_table(BALANCE, found.balanced.draws(found.ids))
        workspace.write_table(STRATA, found.balanced.table)
    return {} if found is None else found.summary()


def compare(workspace: Workspace, gathered: Artifact, found: Mixture | None, recipe: Recipe) -> Mapping[str, Any]:
    """Hold what is asked against the sample of what is asked in use, where the recipe names one; the numbers of it.

    Args:
        workspace: in which the prompts stand that are asked; the table `shift` is written there.
        gathered: in which the sample stands.
        found: how often each is drawn.
        recipe: the run's.
    """
    if not recipe.prompts.wild:
        return {}
    training = pa.concat_tables(workspace.stream("prompts", COLUMNS))
    times = None if found is None else found.times[found.times > 0]
    wild = pa.concat_tables(gathered.stream(WILD, COLUMNS))
    told = shift(training, wild, recipe.seed, times)
    workspace.write_table(SHIFT, told.table)
    return {SHIFT: told.summary()}


def lines(summary: Mapping[str, Any]) -> list[str]:
    """What a run says of its mixture, a line each."""
    found = []
    if balanced := summary.get(BALANCE):
        was, now = ((focus["largest"], 100 * focus["share"]) for focus in (balanced["before"], balanced["after"]))
        short = f"; {balanced['short']} draws are lacking" if balanced["short"] else ""
        found.append(f"prompts: balanced, the largest kind was {was[0]!r} with {was[1]:.1f}% and is {now[0]!r} with {now[1]:.1f}%{short}")
    return found + [f"prompts: in use: {line}" for line in summary.get(SHIFT, {}).get("advice", ())]
