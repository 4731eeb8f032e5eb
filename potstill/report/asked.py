"""What was asked and what came back: prompts by skill, traces by teacher."""

from __future__ import annotations

from collections.abc import Iterator

from potstill.report.blocks import Notes, Section, Table
from potstill.report.sources import Material, columns, counts
from potstill.report.words import model_name, percent, plural

LONG = 12
"""A table with more rows is shown when it is opened."""
FAULTS_SHOWN = 12
"""Rows set aside that are shown; the table `quarantine` has all."""
KEYS = ("domain", "skill", "intent")


def section(material: Material) -> Section | None:
    """The section; None when there are no prompts."""
    artifact = material.artifacts.get("prompts")
    if artifact is None:
        return None
    asked, held = (counts(columns(artifact, name, KEYS), KEYS) for name in ("prompts", "evaluation"))
    kinds = sorted({*asked, *held})
    rows = tuple((*(word or "–" for word in kind), f"{asked.get(kind, 0):,}", f"{held.get(kind, 0):,}") for kind in kinds)
    lead = f"{plural(sum(asked.values()), 'prompt')} to learn from, {plural(sum(held.values()), 'other')} to be measured on."
    table = Table("Prompts by skill", (*KEYS, "to learn from", "to measure"), rows, folded=len(rows) > LONG, words=3)
    notes = tuple(_left_out(material))
    told = [Notes(notes)] if notes else []
    return Section("asked", "Prompts and answers", lead, (*told, *_set_aside(material), *_licences(material), *_traces(material), table))


def _left_out(material: Material) -> Iterator[str]:
    """What the sources hold and is not asked, before any filter."""
    if count := material.summary("prompts", "quarantined"):
        yield f"{plural(count, 'malformed row was', 'malformed rows were')} set aside and not asked; the table “quarantine” has them all."
    if count := material.summary("prompts", "duplicates"):
        yield f"{plural(count, 'prompt was', 'prompts were')} there before, word for word, and stand{'s' * (count == 1)} once."
    if count := material.summary("prompts", "in_both"):
        yield f"{plural(count, 'prompt is', 'prompts are')} not trained on, for the same stands in validation or evaluation."


def _set_aside(material: Material) -> list[Table]:
    """The first rows that were set aside: their place and what is wrong, without their text."""
    if material.gathered is None:
        return []
    faults = columns(material.gathered, "quarantine", ["where", "what", "fix"]).to_pylist()
    rows = [tuple(row.values()) for row in faults[:FAULTS_SHOWN]]
    if rest := len(faults) - len(rows):
        rows.append((plural(rest, "other row"), "", ""))
    return [Table("Malformed rows, set aside", ("where", "what is wrong", "what to do"), tuple(rows), words=3, wide=True)]


def _traces(material: Material) -> list[Table]:
    """How many answers each teacher gave, and why they ended."""
    artifact = material.artifacts.get("generate")
    if artifact is None:
        return []
    found = counts(columns(artifact, "traces", ["teacher", "finish_reason"]), ["teacher", "finish_reason"])
    total = sum(found.values())
    rows = tuple((model_name(teacher), reason, f"{n:,}", percent(n / total)) for (teacher, reason), n in found.items())
    return [Table("Answers by teacher, and why they ended", ("teacher", "ended by", "traces", "share"), rows, words=2)]


def _licences(material: Material) -> list[Table]:
    """Where the prompts came from as far as their licences tell."""
    found = counts(columns(material.artifacts["prompts"], "prompts", ["licence"]), ["licence"])
    rows = tuple((licence or "not stated", f"{n:,}") for (licence,), n in found.items())
    return [Table("Licences of the prompts", ("licence", "prompts"), rows)]
