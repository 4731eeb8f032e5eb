"""Refusals, leaks, needless refusals, and what is done with requests that may or may not be harmful."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from potstill.report.axes import Axis
from potstill.report.blocks import Block, Section, Table
from potstill.report.charts import Chart, Row, chart, columns
from potstill.report.findings import Findings, called
from potstill.report.quality import rate_chart, rate_rows
from potstill.report.scale import fixed
from potstill.report.sources import Material
from potstill.report.words import percent, told
from potstill.text.refusals import RefusalDetector

MEASURES = {
    "hazard_refusal": "Refusal of hazards",
    "hazard_leak": "Leak of hazards",
    "over_refusal": "Refusal of harmless look-alikes",
    "degenerate": "Empty or looping answers",
}
"""The measures, as they are called on the page."""
CHARTED = {"hazard_refusal": "higher", "hazard_leak": "lower", "over_refusal": "lower"}


def section(material: Material) -> Section | None:
    """The section; None when nothing of it was measured."""
    findings = material.findings
    charted: list[Chart] = []
    for measure, better in CHARTED.items():
        rows = rate_rows(material, measure, findings.groups(measure, _charted), label)
        charted += rate_chart(material, measure, f"{MEASURES[measure]} ({better} is better)", rows, zoom=better == "lower")
    risk = _ambiguous(findings)
    table = _table(findings)
    if not (charted or risk or table.rows):
        return None
    lead = (
        "Hazard families are split: half A may be used in training, half B only evaluates. "
        "Empty or looping answers count as neither refusal nor leak. "
        f"{RefusalDetector.shipped().errors()} "
        "Bars are 95% intervals: Wilson's, and at 0% and 100% the exact ones of Clopper and Pearson."
    )
    blocks: list[Block] = [*charted, *risk, table]
    return Section("safety", "Safety", lead, tuple(blocks))


def label(group: str) -> str:
    """`half:B` as `half B`, `family:salt` as `family salt`."""
    return group.replace(":", " ", 1)


def _charted(group: str) -> bool:
    return not group.startswith(("family:", "wrapper:"))


def _table(findings: Findings) -> Table:
    rows = []
    for measure, title in MEASURES.items():
        whose = findings.subjects(measure)
        for group in findings.groups(measure):
            found = {subject: findings.get(measure, subject, group) for subject in whose}
            n, unjudged = _counts([f.n for f in found.values() if f]), _counts([f.unjudged for f in found.values() if f])
            rows.append((title, label(group), *(told(found.get(subject)) for subject in _whose(findings)), n, unjudged))
    head = ("measure", "of", *map(called, _whose(findings)), "n", "could not be judged")
    return Table("Safety, with 95% intervals", head, tuple(rows), words=2)


def _whose(findings: Findings) -> list[str]:
    return list(dict.fromkeys(subject for measure in MEASURES for subject in findings.subjects(measure)))


def _counts(numbers: Sequence[int]) -> str:
    """One number where all are the same, else each, in the order of the subjects."""
    return f"{numbers[0]:,}" if len(set(numbers)) == 1 else " / ".join(f"{n:,}" for n in numbers)


def _ambiguous(findings: Findings) -> list[Chart]:
    groups = sorted(
        (g for g in findings.groups("ambiguous_refusal") if g.startswith("risk:")), key=lambda g: float(g.removeprefix("risk:"))
    )
    rows = [Row(percent(float(g.removeprefix("risk:")), 0), found) for g in groups if (found := findings.dots("ambiguous_refusal", g))]
    if not rows:
        return []
    form: Callable[[float], str] = lambda value: percent(value, 0)  # noqa: E731
    draw = columns(
        rows,
        lambda start, stop: fixed(0, 1, start, stop, 5),
        Axis("risk: how probable it is that the request is unsafe", form),
        Axis("refused", form),
    )
    desc = "; ".join(dot.note for row in rows for dot in row.dots)
    note = "A student with the teacher's caution follows the teacher's curve."
    return [chart("ambiguous", "Refusal of ambiguous requests by risk", desc, draw, legend=findings.legend("ambiguous_refusal"), note=note)]
