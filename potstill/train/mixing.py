"""How often each kept trace is trained on: as its prompt was drawn, or so that what was kept comes to the shares that are wanted."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.balance import Balanced, balance
from potstill.curate.strata import COLUMNS, strata
from potstill.recipe import BalanceSection
from potstill.store import Artifact
from potstill.store.tables import find_files

DRAWN = "balance"
"""The table of the stage `prompts` that says how often each prompt is drawn, where it is balanced."""


def as_drawn(prompts: Artifact, traces: pa.Table) -> dict[str, int] | None:
    """Trace id -> how often its prompt is drawn; None where the prompts were not balanced.

    Args:
        prompts: of the stage `prompts`.
        traces: with the columns `id` and `prompt_id`.
    """
    if not find_files(prompts.folder, DRAWN):
        return None
    drawn = prompts.table(DRAWN)
    times = dict(zip(drawn["prompt_id"].to_pylist(), drawn["times"].to_pylist(), strict=True))
    return {id_: times[prompt_id] for id_, prompt_id in zip(traces["id"].to_pylist(), traces["prompt_id"].to_pylist(), strict=True)}


def rebalanced(
    prompts: Artifact, traces: pa.Table, kept: Collection[str], settings: BalanceSection, seed: int
) -> tuple[dict[str, int], Balanced]:
    """Trace id -> how often a kept trace is trained on, by the stratum of its prompt; and the mixture.

    What filters took is made up for here: a stratum that lost most of its traces has the others more often.

    Args:
        prompts: of the stage `prompts`.
        traces: with the columns `id` and `prompt_id`.
        kept: ids of the kept traces.
        settings: what is wanted.
        seed: decides which traces are drawn.

    Raises:
        RecipeError: a label that prompts do not have.
        InputError: a stratum of the target has no kept trace.
    """
    some = traces.filter(pc.is_in(traces["id"], pa.array(sorted(kept), pa.string())))
    asked = pa.concat_tables(prompts.stream("prompts", COLUMNS)).combine_chunks()
    of = asked.take(pc.index_in(some["prompt_id"], asked["id"].combine_chunks()))
    found = balance(some["id"].to_pylist(), strata(of, settings.labels), settings, seed, "train.balance")
    return dict(zip(some["id"].to_pylist(), found.times.tolist(), strict=True)), found
