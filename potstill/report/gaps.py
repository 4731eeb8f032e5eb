"""What is not known: stages that were not done, what could not be judged, what was not measured."""

from __future__ import annotations

from collections import Counter

from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.cut import count
from potstill.report.sources import Material

WOULD_SHOW = {
    "prompts": "what is asked",
    "generate": "the teacher's answers",
    "filter": "what is kept and what is cut, and why",
    "train": "the student and its training curves",
    "evaluate": "accuracy, closeness to the teacher and safety",
    "export": "size, speed and cost",
}
"""What the page would show of a stage."""


def missing(material: Material) -> Section | None:
    """The stages that were not done; None when all were."""
    if not material.missing:
        return None
    lines = tuple(f"{stage}: {WOULD_SHOW[stage]}" for stage in material.missing)
    lead = f"These stages have not been done. `potstill run` with the recipe of {material.recipe.name} goes on from here."
    return Section("missing", "Not done yet", lead, (Notes(lines),))


def unjudged(material: Material) -> Section | None:
    """What could not be judged or measured; None when nothing was judged at all."""
    if not {"filter", "evaluate"} & material.artifacts.keys():
        return None
    rows = [(f.suite, f.name, f.subject, f.group, f"{f.n:,}", f"{f.unjudged:,}") for f in material.findings if f.unjudged]
    if "filter" in material.artifacts:
        counted = count(material.artifacts["filter"])
        total: Counter[str] = Counter()
        for (by, _, _), n in counted.said.items():
            total[by] += n
        rows += [("filter", by, "traces", "all", f"{total[by] - n:,}", f"{n:,}") for by, n in sorted(counted.unjudged.items())]
    unmeasured = [(f.suite, f.name, f.subject, f.group, f.by or "–") for f in material.findings if f.value is None]
    blocks: list[Block] = []
    if rows:
        head = ("suite", "measure", "whose", "group", "judged", "could not be judged")
        blocks.append(Table("Could not be judged", head, tuple(rows), folded=len(rows) > 12, words=4))
    if unmeasured:
        head = ("suite", "measure", "whose", "group", "why")
        blocks.append(Table("Not measured", head, tuple(unmeasured), folded=len(unmeasured) > 12, words=5))
    lead = "What could not be judged is in no share and no mean above: it counts neither as right nor as wrong."
    return Section("unjudged", "Could not judge", lead if blocks else "Everything that was asked could be judged.", tuple(blocks))
