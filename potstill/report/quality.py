"""What crossed over: accuracy by skill, closeness to the teacher, loss on plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from potstill.report.axes import Axis
from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.charts import Bar, Chart, Row, bars, chart, columns, dots
from potstill.report.findings import Findings, called
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
    overall = _accuracy(material, "overall", "Accuracy overall and by domain", broad)
    by_skill = [
        drawn
        for i, part in enumerate(divided(single, ROWS_A_CHART))
        for drawn in _accuracy(material, f"skills-{i}", "Accuracy by skill" + (", continued" if i else ""), part)
    ]
    ratio = _retention(material, broad)
    blocks: list[Block] = [*overall, *ratio, *by_skill]
    if len(by_skill) == 1 and overall and ratio:
        blocks = [*overall, replace(by_skill[0], tall=True), *ratio]
    blocks += [*_unmeasured(findings, "accuracy"), *_truncated(findings)]
    blocks.append(Table("Accuracy and what was kept of it", _accuracy_head(findings), _accuracy_rows(findings, groups), folded=True))
    return Section("accuracy", "Accuracy by skill", _lead(findings), tuple(blocks))


def divided(items: Sequence[str], most: int) -> list[list[str]]:
    """The items in as few lists of at most `most` as will do, all about equally long."""
    parts = -(-len(items) // most)
    return [list(items[i * len(items) // parts : (i + 1) * len(items) // parts]) for i in range(parts)]


def rate_chart(material: Material, measure: str, title: str, rows: Sequence[Row], *, name: str = "", zoom: bool = False) -> list[Chart]:
    """A dot chart of a share by group; nothing where none of it was measured.

    Args:
        material: names the subjects.
        measure: what is shown.
        title: of the chart.
        rows: what `rate_rows` gave.
        name: unique on the page; empty: the measure.
        zoom: the scale ends near the largest value, not at 100%.
    """
    if not rows:
        return []
    values = [
        value for row in rows for value in (row.limit, *(end for dot in row.dots for end in (dot.value, dot.high))) if value is not None
    ]
    most = min(1.0, max([0.05, *values])) if zoom else 1.0
    desc = "; ".join(dot.note for row in rows for dot in row.dots)
    draw = dots(rows, lambda start, stop: linear([0.0, most], start, stop), Axis("", lambda value: percent(value, 0)))
    return [chart(name or measure.replace("_", "-"), title, desc, draw, legend=material.findings.legend(measure), note=_limit_note(rows))]


def rate_rows(material: Material, measure: str, groups: Sequence[str], labels: Callable[[str], str] = str) -> list[Row]:
    """The groups in which a measure has a value, with the recipe's limits on it."""
    dots_of = material.findings.dots
    return [Row(labels(group), found, _limit(material, measure, group)) for group in groups if (found := dots_of(measure, group))]


def _limit_note(rows: Sequence[Row]) -> str:
    return "Dashed: the limit set in the recipe." if any(row.limit is not None for row in rows) else ""


def _limit(material: Material, measure: str, group: str) -> float | None:
    return material.limits.get(f"{measure}/{group}", material.limits.get(measure) if group == "all" else None)


def _accuracy(material: Material, name: str, title: str, groups: Sequence[str]) -> list[Chart]:
    return rate_chart(material, "accuracy", title, rate_rows(material, "accuracy", groups, _bare), name=f"accuracy-{name}")


def _bare(group: str) -> str:
    return group.removeprefix("domain:")


def _retention(material: Material, groups: Sequence[str]) -> list[Chart]:
    rows = rate_rows(material, "retention", groups, _bare)
    if not rows:
        return []
    most = max([1.0, *(dot.high or dot.value for row in rows for dot in row.dots)])
    draw = dots(rows, lambda start, stop: linear([0.0, most], start, stop), Axis("", lambda value: percent(value, 0)), pitch=18)
    desc = "; ".join(dot.note for row in rows for dot in row.dots)
    note = f"Bars are 95% intervals of a paired bootstrap over the prompts, or exact where no mark differs. {_limit_note(rows)}".strip()
    return [chart("retention", "What the student keeps of the teacher's accuracy", desc, draw, note=note)]


def _lead(findings: Findings) -> str:
    retention = findings.get("retention")
    apart = (
        "; that of reasoning, a mean of skills, is a bootstrap's, or exact where no mark differs"
        if findings.get("accuracy", group="reasoning")
        else ""
    )
    bars = f"Bars are 95% Wilson intervals{apart}."
    if retention is None or retention.value is None:
        return bars
    return f"The student keeps {kept(retention)} of the teacher's accuracy (95%, paired bootstrap, or exact where no mark differs). {bars}"


def _unmeasured(findings: Findings, *measures: str) -> list[Notes]:
    """Of whom a measure on all is not known, and why."""
    lacking = [f for f in findings if f.name in measures and f.group == "all" and f.value is None]
    lines = [f"{f.name.replace('_', ' ')}, {called(f.subject)}: {f.by or 'not measured'}" for f in lacking]
    return [Notes(tuple(lines))] if lines else []


def _truncated(findings: Findings) -> list[Notes]:
    found = [(subject, findings.value("truncated", subject)) for subject in findings.subjects("truncated")]
    cut = [f"{called(subject)} {percent(value)}" for subject, value in found if value]
    return [Notes((f"Answers that reached the token limit and were cut off: {', '.join(cut)}.",))] if cut else []


def _accuracy_head(findings: Findings) -> tuple[str, ...]:
    return ("group", *map(called, findings.subjects("accuracy")), "kept", "n", "could not be judged")


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
        (called(subject), place, *(told(findings.get(name, subject, place)) for name in names), _count(findings, subject, place))
        for subject in findings.subjects("kl_teacher_student")
        for place in ["all", *places]
    )
    blocks.append(Table("Distances to the teacher", ("whose", "position", *names.values(), "n"), rows, folded=True, words=2))
    lead = "Token by token, on the teacher's answers or, where nothing is asked, on the texts. Positions count from the first token."
    return Section("fidelity", "Closeness to the teacher", lead, tuple(blocks))


def _count(findings: Findings, subject: str, group: str) -> str:
    found = findings.get("kl_teacher_student", subject, group)
    return f"{found.n:,}" if found else "–"


def _by_position(findings: Findings, measure: str, title: str, unit: str, places: Sequence[str]) -> list[Chart]:
    groups = [Row(place, found) for place in places if (found := findings.dots(measure, place))]
    if not groups:
        return []
    desc = "; ".join(dot.note for group in groups for dot in group.dots)
    share = unit == "share"
    form: Callable[[float], str] = (lambda value: percent(value, 0)) if share else (lambda value: f"{value:.3g}")
    draw = columns(groups, _position_scale(groups, share), Axis("position in the answer, tokens", str), Axis(unit, form))
    return [chart(measure.replace("_", "-"), title, desc, draw, legend=findings.legend(measure))]


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
    rows = tuple((called(subject), *(told(findings.get(name, subject)) for name in measures)) for subject in whose)
    table = Table("Loss on text that was not trained on", ("whose", *measures.values()), rows, wide=len(measures) > 2)
    first = findings.get(next(iter(measures)), whose[0])
    lead = f"Teacher-forced, over {plural(first.n, 'token')}." if first is not None and first.n else "Teacher-forced."
    return Section("text", "Plain text", lead, (*_text_bars(material, measures), table, *_unmeasured(findings, *TEXT_MEASURES)))


def _text_bars(material: Material, measures: Mapping[str, str]) -> list[Chart]:
    """The first of the measures that is there, as bars."""
    findings, (name, unit) = material.findings, next(iter(measures.items()))
    found = [f for subject in findings.subjects(name) if (f := findings.get(name, subject)) is not None]
    drawn = [Bar(f.subject, called(f.subject), f.value, told(f)) for f in found if f.value is not None]
    desc = ", ".join(f"{bar.label} {bar.shown}" for bar in drawn)
    text, note = "unseen text", ""
    if material.chosen_on_text:
        text, note = "text that was not trained on", "The checkpoint was chosen on this text."
    return [chart("text-loss", f"On {text}: {unit} (lower is better)", desc, bars(drawn), note=note)] if drawn else []
