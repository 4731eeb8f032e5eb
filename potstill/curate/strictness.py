"""Strictness: how much of each kind a filter leaves at other thresholds, from opinions that are there; nothing is judged anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.base import Catches
from potstill.curate.judging import OPINIONS
from potstill.curate.strata import COLUMNS, strata
from potstill.registry import find
from potstill.store.artifact import Artifact
from potstill.store.tables import find_files

STEPS = 11
"""Thresholds of a curve, at most."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What a filter would leave, from the most lenient threshold to the strictest.

    Attributes:
        thresholds: [T] of the score.
        kept: group -> [T] the share of its items that would not be put aside.
        counts: group -> its items.
    """

    thresholds: tuple[float, ...]
    kept: Mapping[str, tuple[float, ...]]
    counts: Mapping[str, int]

    def bends(self, loss: float = 0.02) -> dict[str, float]:
        """Group -> the first threshold, on the way to the strictest, at which it has lost that share or more, for those that ever do."""
        firsts = {group: next((i for i, share in enumerate(shares) if 1 - share >= loss), None) for group, shares in self.kept.items()}
        return {group: self.thresholds[i] for group, i in firsts.items() if i is not None}


def curve(opinions: pa.Table, groups: Sequence[str], catches: Catches, thresholds: Sequence[float] | None = None) -> Curve:
    """What a filter would leave of each group by its threshold.

    Items that it is not about, or could not judge, are kept here: no threshold touches them.

    Args:
        opinions: [N] the columns `score` and `applies`.
        groups: [N] the group of each item, as its domain.
        catches: which scores the filter puts aside.
        thresholds: those looked at; None: quantiles of the scores.
    """
    scores = np.array([np.nan if score is None else score for score in opinions["score"].to_pylist()])
    scores[~np.asarray(pc.fill_null(opinions["applies"], False).to_numpy(), bool)] = np.nan
    chosen = np.array(sorted(set(thresholds if thresholds is not None else _quantiles(scores)), reverse=catches == "above"), float)
    with np.errstate(invalid="ignore"):
        aside = scores[:, None] >= chosen if catches == "above" else scores[:, None] < chosen
    names, numbers = np.unique(np.array(groups, object).astype(str), return_inverse=True)
    kept = {name: tuple(float(share) for share in 1 - aside[numbers == i].mean(0)) for i, name in enumerate(names.tolist())}
    counts = {name: int((numbers == i).sum()) for i, name in enumerate(names.tolist())}
    return Curve(tuple(chosen.tolist()), kept, counts)


def _quantiles(scores: np.ndarray) -> list[float]:
    """Thresholds that part the different scores evenly; all of them where they are few."""
    known = np.unique(scores[~np.isnan(scores)])
    if len(known) <= STEPS:
        return [float(score) for score in known]
    return [float(score) for score in np.unique(np.quantile(known, np.linspace(0, 1, STEPS)))]


def curve_of(prompts: Artifact, table: str, opinions: Artifact, by: Sequence[str], thresholds: Sequence[float] | None = None) -> Curve:
    """What a filter that has judged would leave of each kind of prompt by its threshold.

    Args:
        prompts: the artifact that holds the prompts.
        table: of them: `prompts`, or `candidates` for a filter on prompts.
        opinions: of the filter.
        by: the labels that tell the prompts apart.
        thresholds: those looked at; None: quantiles of the scores.

    Raises:
        RecipeError: prompts have no such label.
    """
    asked = pa.concat_tables(prompts.stream(table, COLUMNS)).combine_chunks()
    of = dict(zip(asked["id"].to_pylist(), strata(asked, by), strict=True))
    thought = pa.concat_tables(opinions.stream(OPINIONS, ["prompt_id", "score", "applies"]))
    filter_ = find("filter", opinions.manifest.section["kind"]).factory
    groups = [of[id_] for id_ in thought["prompt_id"].to_pylist()]
    return curve(thought, groups, filter_.CATCHES, thresholds)  # type: ignore[attr-defined]  # of every filter's class


def judged_by(artifacts: Mapping[str, Artifact], stage: str) -> dict[str, Artifact]:
    """Filter -> its opinions, of those that judged for a stage: `filter`, or `prompts`.

    Args:
        artifacts: of a run, by name.
        stage: the stage.
    """
    found = {name.partition(".")[2]: made for name, made in artifacts.items() if name.startswith(f"{stage}.")}
    return {by: made for by, made in found.items() if find_files(made.folder, OPINIONS) and "kind" in made.manifest.section}
