"""The prompts: their kinds before and after balancing, what was held out, and how they differ from what is asked in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.charts import Bar, Chart, bars, chart
from potstill.report.sources import Material
from potstill.report.words import percent, plural, short
from potstill.store import Artifact
from potstill.store.tables import find_files

SHOWN = 12
"""Kinds that have a bar of their own; the table has all."""
COMPARED = {"domain": "domain", "intent": "intent", "language": "language", "length": "length"}


def section(material: Material) -> Section | None:
    """The section; None where prompts are asked as they came, and compared with nothing."""
    artifact, trained = material.artifacts.get("prompts"), material.artifacts.get("train")
    if artifact is None:
        return None
    summary = artifact.manifest.summary
    blocks = [*_balance("asked", "prompts", artifact, summary.get("balance"))]
    if trained is not None:
        blocks += _balance("trained", "kept traces", trained, trained.manifest.summary.get("balance"))
    blocks += _shift(artifact, summary.get("shift"))
    lead = " ".join([*_split(summary.get("split")), *_focus(summary.get("balance"))])
    return Section("mixture", "The mixture", lead or "How the prompts are mixed.", tuple(blocks)) if blocks or lead else None


def _split(held: Mapping[str, int] | None) -> list[str]:
    if not held:
        return []
    told = " and ".join(f"{count:,} for {side}" for side, count in held.items())
    return [f"Of the sources {told} were held out, near-duplicates together."]


def _focus(summary: Mapping[str, Any] | None) -> list[str]:
    if not summary:
        return []
    before, after = summary["before"], summary["after"]
    was, now = (f"{focus['largest']} with {percent(focus['share'])}" for focus in (before, after))
    mixed = f"As mixed as {short(before['effective'])} kinds of equal size before, and as {short(after['effective'])} after."
    return [f"The largest kind was {was}, and is {now} of the draws. {mixed}"]


def _balance(name: str, what: str, artifact: Artifact, summary: Mapping[str, Any] | None) -> list[Block]:
    """Bars before and after, and the table of the strata."""
    if not summary or not find_files(artifact.folder, "strata"):
        return []
    rows = sorted(artifact.table("strata").to_pylist(), key=lambda row: (-row["before"], row["stratum"]))
    columns = ("stratum", "before", "share_before", "wanted", "after", "share_after", "distinct", "short")
    told = tuple(tuple(_cell(name, row[name]) for name in columns) for row in rows)
    head = ("kind", "there", "share", "wanted", "drawn", "share", "different", "lacking")
    charts = [
        _bars(f"{name}-before", f"Kinds of {what} before balancing", "base", rows, "share_before"),
        _bars(f"{name}-after", f"Kinds of {what} as drawn", "student", rows, "share_after"),
    ]
    return [*charts, Table(f"The kinds of {what}", head, told, folded=True, wide=True)]


def _cell(name: str, value: Any) -> str:
    if name == "stratum":
        return str(value)
    return percent(value) if name.startswith("share") or name == "wanted" else f"{value:,}"


def _bars(name: str, title: str, look: str, rows: Sequence[Mapping[str, Any]], column: str) -> Chart:
    drawn = [Bar(look, row["stratum"], row[column], percent(row[column])) for row in rows[:SHOWN]]
    if rest := rows[SHOWN:]:
        share = sum(row[column] for row in rest)
        drawn.append(Bar(look, plural(len(rest), "other kind"), share, percent(share)))
    return chart(name, title, ", ".join(f"{bar.label} {bar.shown}" for bar in drawn), bars(drawn))


def _shift(artifact: Artifact, summary: Mapping[str, Any] | None) -> list[Block]:
    """What was found and advised, and the shares of labels that clearly differ."""
    if not summary:
        return []
    rows = artifact.table("shift").to_pylist()
    clear = [row for row in rows if row["kind"] in COMPARED and row["low"] * row["high"] > 0]
    told = tuple((row["kind"], row["value"], percent(row["share_training"]), percent(row["share_wild"]), _difference(row)) for row in clear)
    caption = "Labels whose shares differ, training and what is asked in use"
    table = [Table(caption, ("label", "value", "training", "in use", "difference"), told, words=2)] if told else []
    return [Notes(tuple(f"{line[0].upper()}{line[1:]}." for line in summary["advice"])), *table]


def _difference(row: Mapping[str, Any]) -> str:
    return f"{100 * row['difference']:+.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
