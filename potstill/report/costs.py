"""What the student costs against the teacher: parameters, bytes, speed, and what freezing changed."""

from __future__ import annotations

from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.charts import Bar, Chart, bars, chart
from potstill.report.findings import Findings
from potstill.report.sources import Material
from potstill.report.words import factor, measured, percent, told

CHARTED = (
    ("parameters", "all", "Parameters", "parameters_ratio"),
    ("bytes", "weights", "Weights, bytes", "bytes_ratio"),
    ("tokens_per_second", "batch 1", "Tokens a second, one at a time", "speed_ratio"),
    ("tokens_per_second", "batch 16", "Tokens a second, 16 at a time", "speed_ratio"),
)
"""Measure, group, title, and the measure of its ratio to the teacher's."""
COLUMNS = (
    ("parameters", "all", "parameters"),
    ("bytes", "weights", "weights"),
    ("bytes", "folder", "all files"),
    ("tokens_per_second", "batch 1", "tokens/s, batch 1"),
    ("tokens_per_second", "batch 16", "tokens/s, batch 16"),
    ("cost_ratio", "batch 1", "cost, batch 1"),
    ("cost_ratio", "batch 16", "cost, batch 16"),
    ("drift_kl", "all", "drift, KL"),
    ("drift_agreement", "all", "same top token"),
)
NOTES = {
    "tokens_per_second": "Speeds are medians of interleaved repeats on the machine named below; brackets are the slowest and the fastest.",
    "cost_ratio": "Cost is seconds a byte of text against the teacher's, on the same machine and threads: 0.1× costs a tenth.",
    "drift_kl": "Drift is measured against the student as it was trained.",
}
"""Measure -> how to read it."""
NO_TEACHER = "The teacher does not run here, so nothing can be compared with it."


def section(material: Material) -> Section | None:
    """The section; None when nothing was exported."""
    findings = material.findings
    if "export" not in material.artifacts:
        return None
    charted = [drawn for measure, group, title, ratio in CHARTED for drawn in _bars(findings, measure, group, title, ratio)]
    blocks: list[Block] = [*charted, _table(findings), Notes(_notes(findings))]
    return Section("cost", "Size, speed and cost", _lead(findings), tuple(blocks))


def _notes(findings: Findings) -> tuple[str, ...]:
    """How to read the numbers that are there."""
    lines = [text for measure, text in NOTES.items() if findings.measured(measure)]
    return tuple(lines if "teacher" in findings.subjects("parameters") else [NO_TEACHER, *lines])


def subjects(findings: Findings) -> list[str]:
    """The teacher and the formats that were exported."""
    return list(dict.fromkeys(subject for measure, _, _ in COLUMNS for subject in findings.subjects(measure)))


def look(subject: str) -> str:
    """The look of a format is the student's."""
    return "teacher" if subject == "teacher" else "student"


def _bars(findings: Findings, measure: str, group: str, title: str, ratio: str) -> list[Chart]:
    rows = []
    for subject in findings.subjects(measure):
        found = findings.get(measure, subject, group)
        if found is not None and found.value is not None:
            against = findings.value(ratio, subject, group)
            shown = measured(found.value, found.unit) + (f" ({factor(against)})" if against is not None else "")
            rows.append(Bar(look(subject), subject, found.value, shown))
    if not rows:
        return []
    name = f"{measure}-{group}".replace("_", "-").replace(" ", "-")
    return [chart(name, title, ", ".join(f"{row.label} {row.shown}" for row in rows), bars(rows))]


def _table(findings: Findings) -> Table:
    used = [(name, group, title) for name, group, title in COLUMNS if group in findings.groups(name)]
    rows = tuple((subject, *(told(findings.get(name, subject, group)) for name, group, _ in used)) for subject in subjects(findings))
    return Table("Sizes, speeds and costs", ("form", *(title for *_, title in used)), rows)


def _lead(findings: Findings) -> str:
    saved = [
        f"{subject} costs {percent(1 - value)} less than the teacher"
        for subject in subjects(findings)
        if (value := findings.value("cost_ratio", subject, "batch 1")) is not None and value < 1
    ]
    return f"For a byte of text, one prompt at a time, {', '.join(saved)}." if saved else ""
