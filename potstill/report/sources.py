"""What the report reads: the run's artifacts, their findings, and single columns of their tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potstill.errors import StoreError
from potstill.recipe import Recipe
from potstill.report.findings import Findings
from potstill.store import Artifact, rows
from potstill.store.tables import read, read_all
from potstill.types import Finding

STAGES = ("prompts", "generate", "filter", "train", "evaluate", "export")
"""The stages that a report shows, in their order."""
GATHERED = "prompts.gathered"
"""The artifact that holds the rows set aside."""
SPEED = "log/speed.parquet"
"""The export's timings: findings that differ from run to run and belong to no content hash."""


@dataclass(frozen=True)
class Material:
    """Everything that the page is made of.

    Attributes:
        recipe: the recipe as resolved.
        artifacts: stage -> artifact, in the order of `STAGES`.
        findings: of the evaluation and of the export, timings included.
        missed: the limits that were missed; None where nothing was evaluated.
        opinions: `filter.NAME` -> what that filter thinks of each trace.
        gathered: the prompts as they were read, with the rows set aside; None where no row was.
    """

    recipe: Recipe
    artifacts: Mapping[str, Artifact]
    findings: Findings
    missed: tuple[str, ...] | None
    opinions: Mapping[str, Artifact] = field(default_factory=dict)
    gathered: Artifact | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The stages that have not been done."""
        return tuple(stage for stage in STAGES if stage not in self.artifacts)

    @property
    def limits(self) -> dict[str, float]:
        """The limits that the evaluation was held to; the recipe's where nothing was evaluated."""
        made = self.artifacts.get("evaluate")
        if made is None:
            return dict(self.recipe.evaluate.limits)
        try:
            limits = made.manifest.section["evaluate"]["limits"]
        except KeyError:
            raise StoreError("made by an earlier version", where=str(made.folder), fix="make its stage again with --force") from None
        return {str(key): float(value) for key, value in limits.items()}

    @property
    def chosen_on_text(self) -> bool:
        """Whether the student is the best checkpoint on texts that the evaluation measures it on as well."""
        prompts, train = self.artifacts.get("prompts"), self.artifacts.get("train")
        if prompts is None or train is None or train.manifest.section.get("train", {}).get("keep") != "best":
            return False
        return not _texts(prompts, "validation").isdisjoint(_texts(prompts, "evaluation"))

    def summary(self, stage: str, key: str) -> Any:
        """One of the numbers that a stage told of itself; None where it did not."""
        made = self.artifacts.get(stage)
        return made.manifest.summary.get(key) if made else None


def collect(recipe: Recipe, artifacts: Mapping[str, Artifact]) -> Material:
    """Read what a page needs of a run.

    Args:
        recipe: the run's.
        artifacts: stage -> artifact, `filter.NAME` -> what a filter thinks, and `GATHERED`; what has not been made is not in it.

    Raises:
        StoreError: a file is damaged or missing.
    """
    opinions = {name: made for name, made in artifacts.items() if name.startswith("filter.")}
    ordered = {stage: artifacts[stage] for stage in STAGES if stage in artifacts}
    findings: list[Finding] = []
    for stage in ("evaluate", "export"):
        if stage in ordered:
            findings += rows(ordered[stage].table("findings"), Finding)
    export = ordered.get("export")
    if export is not None and (export.folder / SPEED).is_file():
        findings += rows(read(export.folder / SPEED), Finding)
    return Material(recipe, ordered, Findings(findings), _missed(ordered.get("evaluate")), opinions, artifacts.get(GATHERED))


def _missed(evaluation: Artifact | None) -> tuple[str, ...] | None:
    if evaluation is None:
        return None
    path = evaluation.path("scorecard.json")
    try:
        return tuple(str(limit) for limit in json.loads(path.read_text(encoding="utf-8"))["missed"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError("a damaged scorecard", where=str(path), fix="make its stage again with --force") from error


def columns(artifact: Artifact, name: str, wanted: Sequence[str], ids: Collection[str] | None = None, key: str = "id") -> pa.Table:
    """Some columns of a table; nothing else of it is read.

    Args:
        artifact: where it is.
        name: the table's name.
        wanted: the columns, in the order of the result.
        ids: only the rows whose `key`, one of the columns, is one of these; None: all.
        key: the column that `ids` are looked for in.

    Raises:
        StoreError: there is no such table, a file is damaged, or a column is missing.
    """
    chosen = None if ids is None else pc.field(key).isin(pa.array(sorted(ids), type=pa.string()))
    return read_all(artifact.folder, name, wanted, chosen)


def _texts(prompts: Artifact, name: str) -> set[str]:
    """The ids of the plain texts in a table of prompts: those without messages."""
    table = columns(prompts, name, ["id", "messages"])
    return set(table.filter(pc.equal(pc.list_value_length(table["messages"]), 0))["id"].to_pylist())


def counts(table: pa.Table, keys: Sequence[str]) -> dict[tuple[Any, ...], int]:
    """How many rows there are of each combination of values, the combinations sorted; a missing value comes first."""
    grouped = table.group_by(list(keys)).aggregate([([], "count_all")])
    found = {tuple(row[key] for key in keys): int(row["count_all"]) for row in grouped.to_pylist()}
    return dict(sorted(found.items(), key=lambda item: [(value is not None, value) for value in item[0]]))
