"""From opinions to verdicts, and from verdicts to a decision: columns at a time, so that a million verdicts are decided anew in seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.base import ReadyFilter
from potstill.recipe.curation import PolicySection
from potstill.store.tables import SCHEMAS
from potstill.types import Part, Verdict

HUMAN = "human"
"""Who gave a verdict that outranks those of all filters."""
HALF_B = "half B only evaluates"
"""Why what is of half B is never trained on, whoever says what of it."""
WITHHELD = ("content_filter", "error")
"""Answers that ended so are not what the teacher would say; they are kept as rows, and nobody learns from them."""
PARTS: tuple[Part, ...] = ("keep", "hazard", "noise")
DECISIONS = pa.schema([("trace_id", pa.string()), ("prompt_id", pa.string()), ("part", pa.string()), ("because", pa.list_(pa.string()))])
"""A row an item: where it goes, and `filter: why` of each verdict that decided it; none for what every filter kept."""
VERSION = "4"
"""Raised when the same opinions would give other verdicts or another decision."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of a filter's errors; None: it was not measured.

    Attributes:
        recall: the share of injected faults that it found, of those made of what it looks for.
        hard_recall: the same of those that are not.
        false_positive_rate: the share of a clean set that it put aside.
    """

    recall: float | None = None
    hard_recall: float | None = None
    false_positive_rate: float | None = None


UNMEASURED = Rates()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person says of an item."""

    part: Part
    why: str


@dataclass(frozen=True)
class Policy:
    """How verdicts become a decision.

    Attributes:
        settings: of the recipe.
        rulings: id of a trace, or of a prompt that is judged alone, -> what a person says of it.
        evaluates: ids of prompts that only evaluate.
    """

    settings: PolicySection = field(default_factory=PolicySection)
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    evaluates: frozenset[str] = frozenset()


def verdicts(opinions: pa.Table, one: ReadyFilter, rates: Rates = Rates()) -> pa.Table:
    """The opinions of a filter as verdicts by its thresholds.

    Args:
        opinions: with the columns of `judging.COLUMNS`.
        one: the filter, with the thresholds of today.
        rates: its measured errors.
    """
    count = len(opinions)
    same = {"by": one.by, "version": one.info.version, **asdict(rates)}
    columns = {name: _repeated(value, count, SCHEMAS[Verdict].field(name).type) for name, value in same.items()}
    columns["part"] = parts(opinions, one)
    return pa.table([columns[name] if name in columns else opinions[name] for name in SCHEMAS[Verdict].names], schema=SCHEMAS[Verdict])


def parts(opinions: pa.Table, one: ReadyFilter) -> pa.ChunkedArray:
    """Where a filter would put each item by its thresholds of today."""
    settings, score = one.settings, opinions["score"]
    compared = pc.greater_equal if one.part.CATCHES == "above" else pc.less
    judged = pc.if_else(compared(score, settings.threshold), settings.part, "keep")
    told = pc.if_else(pc.is_null(score), settings.unjudged, judged)
    return pc.if_else(opinions["applies"], told, "keep")


def _repeated(value: Any, count: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(count, kind) if value is None else pa.repeat(pa.scalar(value, kind), count)


def decide(said: Sequence[pa.Table], ids: pa.Table, policy: Policy) -> pa.Table:
    """Where each item goes.

    Half B is hazard, whoever says what; then what a person says holds; else hazard where as many filters as the policy asks for say hazard;
    else noise where as many say noise, or the answer was withheld; else keep.

    Args:
        said: verdicts, a table a filter, each with a row an item.
        ids: [items] the columns `trace_id`, `prompt_id` and `finish_reason`, which is null for a prompt alone.
        policy: how.

    Returns:
        [items] a table with the columns of `DECISIONS`.
    """
    votes = {part: _votes(said, part, len(ids)) for part in ("hazard", "noise")}
    withheld = _among(ids["finish_reason"], WITHHELD)
    evaluates = _among(ids["prompt_id"], policy.evaluates)
    noise = (votes["noise"] >= policy.settings.noise_votes) | withheld
    found = np.where(votes["hazard"] >= policy.settings.hazard_votes, "hazard", np.where(noise, "noise", "keep")).astype(object)
    deciding = [np.flatnonzero((table["part"].to_numpy() == found) & (found != "keep")) for table in said]
    held = np.flatnonzero(withheld & (found == "noise"))
    ruled: dict[int, str] = {}
    for place, ruling in _rulings(ids, policy.rulings):
        found[place], ruled[place] = ruling.part, f"{HUMAN}: {ruling.why}"
    silent = evaluates & (found != "hazard")
    found[evaluates] = "hazard"
    own = [place for place in ruled if not silent[place]]
    silent[list(ruled)] = True
    reasons = [
        (np.flatnonzero(evaluates), pa.repeat(pa.scalar(HALF_B), int(evaluates.sum()))),
        (np.array(own, np.int64), pa.array([ruled[place] for place in own], pa.string())),
        _spoken(held, _joined("the answer was withheld", ids["finish_reason"].take(pa.array(held))), silent),
    ]
    for table, places in zip(said, deciding, strict=True):
        some = table.select(["by", "why"]).take(pa.array(places))
        reasons.append(_spoken(places, _joined(some["by"], some["why"]), silent))
    return pa.table([ids["trace_id"], ids["prompt_id"], pa.array(found, pa.string()), _listed(reasons, len(ids))], schema=DECISIONS)


def _votes(said: Sequence[pa.Table], part: Part, count: int) -> np.ndarray:
    """[items] how many verdicts say so."""
    return sum((pc.equal(table["part"], part).to_numpy().astype(np.int64) for table in said), np.zeros(count, np.int64))


def _among(column: pa.ChunkedArray, values: Sequence[str] | frozenset[str]) -> np.ndarray:
    return np.asarray(pc.is_in(column, pa.array(sorted(values), pa.string())).to_numpy(), bool)


Reasons = tuple[np.ndarray, pa.Array]
"""Places of items, and a text for each."""


def _joined(who: str | pa.ChunkedArray, why: pa.ChunkedArray) -> pa.Array:
    return pc.binary_join_element_wise(who, why, ": ").combine_chunks()


def _spoken(places: np.ndarray, texts: pa.Array, silent: np.ndarray) -> Reasons:
    """Those reasons whose items do not go elsewhere for another one."""
    told = ~silent[places]
    return places[told], texts.filter(pa.array(told))


def _listed(reasons: Sequence[Reasons], count: int) -> pa.Array:
    """[items] the reasons of each, in the order in which they are given."""
    places = np.concatenate([some for some, _ in reasons])
    texts = pa.chunked_array([texts for _, texts in reasons], pa.string()).take(pa.array(np.argsort(places, kind="stable")))
    starts = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=count))])
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), texts.combine_chunks()).cast(DECISIONS.field("because").type)


def _rulings(ids: pa.Table, rulings: Mapping[str, Ruling]) -> Iterator[tuple[int, Ruling]]:
    """The places of items of which a person said something."""
    for name in ("prompt_id", "trace_id") if rulings else ():
        for place in np.flatnonzero(_among(ids[name], frozenset(rulings))):
            yield int(place), rulings[ids[name][place].as_py()]


def count_parts(tables: Iterator[pa.Table]) -> dict[str, int]:
    """Part -> items, over tables of decisions."""
    found: Counter[str] = Counter()
    for table in tables:
        found.update({row["values"]: row["counts"] for row in pc.value_counts(table["part"]).to_pylist()})
    return {part: found[part] for part in PARTS}


def count_verdicts(tables: Iterator[pa.Table]) -> dict[str, dict[str, int]]:
    """Filter -> how many verdicts put an item in each part, and how many could not judge, over tables of verdicts."""
    said: dict[str, dict[str, int]] = {}
    for table in tables:
        unjudged = pc.and_(table["applies"], pc.is_null(table["score"])).cast(pa.int64())
        grouped = table.select(["by", "part"]).append_column("unjudged", unjudged).group_by(["by", "part"], use_threads=False)
        for row in grouped.aggregate([("part", "count"), ("unjudged", "sum")]).to_pylist():
            counts = said.setdefault(row["by"], {**dict.fromkeys(PARTS, 0), "unjudged": 0})
            counts[row["part"]] += row["part_count"]
            counts["unjudged"] += row["unjudged_sum"]
    return said
