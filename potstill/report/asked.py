"""What was asked and what came back: prompts by skill, traces by teacher."""

from __future__ import annotations

from potstill.report.blocks import Section, Table
from potstill.report.sources import Material, columns, counts
from potstill.report.words import model_name, percent, plural

LONG = 12
"""A table with more rows is shown when it is opened."""
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
    return Section("asked", "Prompts and answers", lead, (*_licences(material), *_traces(material), table))


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
