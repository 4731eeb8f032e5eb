"""What is not known: stages that were not done, what could not be judged, what was not measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.cut import count
from potstill.report.findings import Findings, called
from potstill.report.sources import Material
from potstill.types import Finding

WOULD_SHOW = {
    "prompts": "what is asked",
    "generate": "the teacher's answers",
    "filter": "what is kept and what is cut, and why",
    "train": "the student and its training curves",
    "evaluate": "accuracy, closeness to the teacher and safety",
    "export": "size, speed and cost",
}
"""What the page would show of a stage."""
WHERE = ("suite", "measure", "whose", "group")


def missing(material: Material) -> Section | None:
    """The stages that were not done; None when all were."""
    if not material.missing:
        return None
    lines = tuple(f"{stage}: {WOULD_SHOW[stage]}" for stage in material.missing)
    lead = f"These stages have not been done. potstill run with the recipe of {material.recipe.name} goes on from here."
    return Section("missing", "Not done yet", lead, (Notes(lines),))


def unjudged(material: Material) -> Section | None:
    """What could not be judged or measured; None when nothing was judged at all."""
    if not {"filter", "evaluate"} & material.artifacts.keys():
        return None
    found = list(broadest(material.findings))
    rows: list[tuple[str, ...]] = [
        (f.suite, f.name, called(f.subject), f.group, f"{f.n:,}", f"{f.unjudged:,}") for f in found if f.unjudged
    ]
    rows += _without_score(material)
    unmeasured = [
        (f.suite, f.name, called(f.subject), f.group, f.by.removeprefix("not measured: ") or "–") for f in found if f.value is None
    ]
    blocks: list[Block] = []
    if rows:
        head = (*WHERE, "judged", "could not be judged")
        blocks.append(Table("Could not be judged", head, tuple(rows), folded=len(rows) > 12, words=4))
    if unmeasured:
        blocks.append(Table("Not measured", (*WHERE, "why"), tuple(unmeasured), folded=len(unmeasured) > 12, words=5))
    lead = "What could not be judged is in no share and no mean above: it counts neither as right nor as wrong."
    return Section("unjudged", "Could not judge", lead if blocks else "Everything that was asked could be judged.", tuple(blocks))


def _without_score(material: Material) -> list[tuple[str, ...]]:
    """Filters and how many traces they could not judge."""
    if "filter" not in material.artifacts:
        return []
    counted = count(material.artifacts["filter"])
    total: Counter[str] = Counter()
    for (by, _), n in counted.said.items():
        total[by] += n
    return [("filter", by, "traces", "all", f"{total[by] - n:,}", f"{n:,}") for by, n in sorted(counted.unjudged.items())]


def broadest(findings: Findings) -> Iterator[Finding]:
    """The findings on all, and those on a group where there is none on all."""
    for finding in findings:
        if finding.group == "all" or findings.get(finding.name, finding.subject) is None:
            yield finding
