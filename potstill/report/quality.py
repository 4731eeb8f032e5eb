"""What crossed over: accuracy by skill, closeness to the teacher, loss on plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from potstill.report.axes import Axis
from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.charts import Chart, Row, chart, columns, dots
from potstill.report.findings import Findings
from potstill.report.scale import Scale, fixed, linear, logarithmic
from potstill.report.sources import Material
from potstill.report.words import kept, percent, plural, told

OVERALL = ("all", "reasoning")
ROWS_A_CHART = 16
"""Longer dot charts are divided into two."""
TEXT_MEASURES = {
    "nats_per_token": "nats a token",
    "bits_per_byte": "bits a byte",
    "perplexity": "perplexity",
    "text_kl": "KL from the teacher",
}


def skills(material: Material) -> Section | None:
    """Accuracy by skill; None when it was not measured."""
    findings = material.findings
    groups = findings.groups("accuracy")
    if not groups:
        return None
    broad = [group for group in groups if group in OVERALL or group.startswith("domain:")]
    single = [group for group in groups if group not in broad]
    single.sort(key=lambda group: (-(findings.value("accuracy", group=group) or 0.0), group))
    blocks: list[Block] = [
        *_accuracy(material, "overall", "Accuracy overall and by domain", broad),
        *(
            chart
            for i, part in enumerate(divided(single, ROWS_A_CHART))
            for chart in _accuracy(material, f"skills-{i}", "Accuracy by skill" + (", continued" if i else ""), part)
        ),
    ]
    blocks += [*_unmeasured(findings, "accuracy"), *_truncated(findings)]
    blocks.append(Table("Accuracy and what was kept of it", _accuracy_head(findings), _accuracy_rows(findings, groups), folded=True))
    return Section("accuracy", "Accuracy by skill", _lead(findings), tuple(blocks))


def divided(items: Sequence[str], most: int) -> list[list[str]]:
    """The items in as few lists of at most `most` as will do, all about equally long."""
    parts = -(-len(items) // most)
    return [list(items[i * len(items) // parts : (i + 1) * len(items) // parts]) for i in range(parts)]


def rate_chart(
    material: Material, name: str, measure: str, title: str, groups: Sequence[str], labels: Callable[[str], str] = str
) -> list[Chart]:
    """A dot chart of a share by group, with the recipe's limits; nothing where none of it was measured."""
    findings = material.findings
    rows = [Row(labels(group), found, _limit(material, measure, group)) for group in groups if (found := findings.dots(measure, group))]
    if not rows:
        return []
    legend = [(subject, subject) for subject in findings.subjects(measure)]
    desc = "; ".join(dot.note for row in rows for dot in row.dots)
    draw = dots(rows, lambda start, stop: fixed(0.0, 1.0, start, stop, 5), Axis("", lambda value: percent(value, 0)))
    note = "Dashed: the limit set in the recipe." if any(row.limit is not None for row in rows) else ""
    return [chart(name, title, desc, draw, legend=legend, note=note)]


def _limit(material: Material, measure: str, group: str) -> float | None:
    return material.limits.get(f"{measure}/{group}", material.limits.get(measure) if group == "all" else None)


def _accuracy(material: Material, name: str, title: str, groups: Sequence[str]) -> list[Chart]:
    return rate_chart(material, f"accuracy-{name}", "accuracy", title, groups, lambda group: group.removeprefix("domain:"))


def _lead(findings: Findings) -> str:
    retention = findings.get("retention")
    bars = "Bars are 95% Wilson intervals."
    if retention is None or retention.value is None:
        return bars
    return f"The student keeps {kept(retention)} of the teacher's accuracy (95%, paired bootstrap). {bars}"


def _unmeasured(findings: Findings, measure: str) -> list[Notes]:
    lines = [
        f"{f.subject}: not measured{f', {f.by}' if f.by else ''}"
        for f in findings
        if f.name == measure and f.group == "all" and f.value is None
    ]
    return [Notes(tuple(lines))] if lines else []


def _truncated(findings: Findings) -> list[Notes]:
    found = [(subject, findings.value("truncated", subject)) for subject in findings.subjects("truncated")]
    cut = [f"{subject} {percent(value)}" for subject, value in found if value]
    return [Notes((f"Answers that reached the token limit and were cut off: {', '.join(cut)}.",))] if cut else []


def _accuracy_head(findings: Findings) -> tuple[str, ...]:
    return ("group", *findings.subjects("accuracy"), "kept", "n", "could not be judged")


def _accuracy_rows(findings: Findings, groups: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    rows = []
    for group in groups:
        values = (told(findings.get("accuracy", subject, group)) for subject in findings.subjects("accuracy"))
        own = findings.get("accuracy", group=group)
        n, unjudged = (f"{own.n:,}", f"{own.unjudged:,}") if own else ("–", "–")
        rows.append((group, *values, kept(findings.get("retention", group=group)), n, unjudged))
    return tuple(rows)


def fidelity(material: Material) -> Section | None:
    """KL and agreement by position; None when they were not measured."""
    findings = material.findings
    if not findings.groups("kl_teacher_student"):
        return None
    places = findings.groups("kl_teacher_student", lambda group: group != "all")
    blocks: list[Block] = [
        *_by_position(findings, "kl_teacher_student", "KL from teacher to student by position", "nats a token", places),
        *_by_position(findings, "top1_agreement", "Agreement on the most likely token by position", "share", places),
        *_unmeasured(findings, "kl_teacher_student"),
    ]
    names = {"kl_teacher_student": "KL(teacher‖·)", "kl_student_teacher": "KL(·‖teacher)", "jsd": "JSD", "top1_agreement": "same top token"}
    rows = tuple(
        (subject, place, *(told(findings.get(name, subject, place)) for name in names), _count(findings, subject, place))
        for subject in findings.subjects("kl_teacher_student")
        for place in ["all", *places]
    )
    blocks.append(Table("Distances to the teacher", ("whose", "position", *names.values(), "n"), rows, folded=True, words=2))
    lead = "On the teacher's own answers, token by token. Positions count from the answer's first token."
    return Section("fidelity", "Closeness to the teacher", lead, tuple(blocks))


def _count(findings: Findings, subject: str, group: str) -> str:
    found = findings.get("kl_teacher_student", subject, group)
    return f"{found.n:,}" if found else "–"


def _by_position(findings: Findings, measure: str, title: str, unit: str, places: Sequence[str]) -> list[Chart]:
    groups = [Row(place, found) for place in places if (found := findings.dots(measure, place))]
    if not groups:
        return []
    legend = [(subject, subject) for subject in findings.subjects(measure)]
    desc = "; ".join(dot.note for group in groups for dot in group.dots)
    share = unit == "share"
    form: Callable[[float], str] = (lambda value: percent(value, 0)) if share else (lambda value: f"{value:.3g}")
    draw = columns(groups, _position_scale(groups, share), Axis("position in the answer, tokens", str), Axis(unit, form))
    return [chart(measure.replace("_", "-"), title, desc, draw, legend=legend)]


def _position_scale(groups: Sequence[Row], share: bool) -> Callable[[float, float], Scale]:
    """Shares from 0 to 1; distances from 0, or on a logarithmic scale where the largest is more than 12 times the smallest."""
    if share:
        return lambda start, stop: fixed(0.0, 1.0, start, stop, 5)
    values = [value for group in groups for dot in group.dots for value in (dot.value, dot.low, dot.high) if value is not None]
    if min(values) > 0 and max(values) > 12 * min(values):
        return lambda start, stop: logarithmic(values, start, stop)
    return lambda start, stop: linear(values, start, stop, zero=True)


def text(material: Material) -> Section | None:
    """Loss on plain text; None when it was not measured."""
    findings = material.findings
    measures = {name: title for name, title in TEXT_MEASURES.items() if findings.measured(name)}
    if not measures:
        return None
    whose = list(dict.fromkeys(subject for name in measures for subject in findings.subjects(name)))
    rows = tuple((subject, *(told(findings.get(name, subject)) for name in measures)) for subject in whose)
    first = findings.get(next(iter(measures)), whose[0])
    lead = f"Teacher-forced, over {plural(first.n, 'token')}." if first is not None and first.n else "Teacher-forced."
    return Section("text", "Plain text", lead, (Table("Loss on text that was not trained on", ("whose", *measures.values()), rows),))
