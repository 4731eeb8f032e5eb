"""The cut: what was kept, what is hazard, what is noise, who said so and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from potstill.report.blocks import Answer, Block, Example, Examples, Section, Table
from potstill.report.charts import Bar, Chart, chart, stack
from potstill.report.sources import Material, columns, counts
from potstill.report.words import model_name, percent, plural, significant
from potstill.store import Artifact, rows
from potstill.types import Prompt

PARTS = {"keep": "kept", "hazard": "hazard", "noise": "noise"}
"""The three cuts, and what they are called on the page."""
REASONS_SHOWN = 12
EXAMPLES_SHOWN = 4
UNCALIBRATED = "uncalibrated"
"""What is told of a filter whose errors were not measured: `potstill filter --measure`."""
_PARTICULARS = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|\b[0-9a-f]{16}\b|\b\d+(?:[.,]\d+)*\b""")


@dataclass(frozen=True, slots=True)
class Counted:
    """The verdicts of one run, counted.

    Attributes:
        decided: part -> traces.
        because: part and reason -> traces.
        said: filter and part -> verdicts.
        unjudged: filter -> verdicts of what it is about without a score.
        measured: filter -> what was measured of its errors, as `potstill.curate.measuring.Measured.facts` tells it.
    """

    decided: Mapping[str, int]
    because: Mapping[tuple[str, str], int]
    said: Mapping[tuple[str, str], int]
    unjudged: Mapping[str, int]
    measured: Mapping[str, Any]


def count(artifact: Artifact) -> Counted:
    """Count the decisions and verdicts of the stage `filter`."""
    decisions = columns(artifact, "decisions", ["part", "because"])
    decided = {part: n for (part,), n in counts(decisions, ["part"]).items()}
    because: Counter[tuple[str, str]] = Counter()
    for (part, reasons), n in Counter((row["part"], tuple(row["because"])) for row in decisions.to_pylist()).items():
        for reason in reasons:
            because[part, reason] += n
    verdicts = columns(artifact, "verdicts", ["by", "part", "score", "applies"])
    said = {(by, part): n for (by, part), n in counts(verdicts, ["by", "part"]).items()}
    unscored = pc.and_(verdicts["applies"], pc.is_null(verdicts["score"]))
    unjudged = {by: n for (by,), n in counts(verdicts.filter(unscored), ["by"]).items()}
    return Counted(decided, because, said, unjudged, artifact.manifest.summary.get("measured", {}))


def section(material: Material) -> Section | None:
    """The section; None when nothing was filtered."""
    artifact = material.artifacts.get("filter")
    if artifact is None:
        return None
    counted = count(artifact)
    total = sum(counted.decided.values())
    kept = counted.decided.get("keep", 0)
    lead = f"{kept:,} of {plural(total, 'trace')} were kept to learn from. Nothing is deleted: every verdict stays in the run folder."
    blocks: list[Block] = [_bar(counted.decided, total)] if total else []
    blocks += _tables(counted)
    blocks += _of_prompts(material)
    examples = _examples(material, artifact)
    return Section("cut", "The cut", lead, (*blocks, *([Examples("Traces that were cut as noise", examples)] if examples else [])))


def _bar(decided: Mapping[str, int], total: int) -> Chart:
    parts = [Bar(part, name, decided.get(part, 0), f"{decided.get(part, 0):,}") for part, name in PARTS.items()]
    legend = [(bar.look, f"{bar.label} {bar.shown} ({percent(bar.value / total)})") for bar in parts]
    return chart("cut-bar", "Traces by cut", ", ".join(name for _, name in legend), stack(parts), legend=legend)


def _tables(counted: Counted) -> list[Table]:
    names = sorted({by for by, _ in counted.said})
    told = {by: {part: counted.said.get((by, part), 0) for part in PARTS} | {"unjudged": counted.unjudged.get(by, 0)} for by in names}
    groups = alike(counted.because)
    reasons = [(PARTS.get(part, part), reason, f"{n:,}") for part, reason, n in groups[:REASONS_SHOWN]]
    if rest := groups[REASONS_SHOWN:]:
        reasons = [*reasons, ("", plural(len(rest), "other reason"), f"{sum(n for *_, n in rest):,}")]
    tables = _by_filter("Verdicts by filter", told, counted.measured)
    return tables + ([Table("Why traces were cut", ("cut", "because", "traces"), tuple(reasons), words=2, wide=True)] if reasons else [])


def _of_prompts(material: Material) -> list[Table]:
    """What the filters on prompts said, before a teacher was asked."""
    told = material.summary("prompts", "filters") or {}
    return _by_filter("Verdicts on prompts by filter", told, material.summary("prompts", "measured") or {})


def _by_filter(caption: str, told: Mapping[str, Mapping[str, int]], measured: Mapping[str, Any]) -> list[Table]:
    """What each filter said, and what is known of its errors; none where there are no filters."""
    lines = [(by, *(f"{said[part]:,}" for part in (*PARTS, "unjudged")), *_errors(measured.get(by))) for by, said in told.items()]
    head = ("filter", *PARTS.values(), "without a score", "recall", "of hard faults", "false positives")
    return [Table(caption, head, tuple(lines)), *_faults(measured)] if lines else []


def _errors(told: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Recall on plain and on hard faults, and false positives of a filter, with their intervals."""
    return tuple(_estimate((told or {}).get(rate)) for rate in ("recall", "hard_recall", "false_positive_rate"))


def _faults(measured: Mapping[str, Any]) -> list[Table]:
    """How many faults of each kind each filter found."""
    kinds = [(by, kind, _estimate(found), f"{found['n']:,}") for by, told in measured.items() for kind, found in told["faults"].items()]
    head = ("filter", "kind of fault", "recall", "faults")
    return [Table("Injected faults found", head, tuple(kinds), words=2, folded=True)] if kinds else []


def _estimate(told: Mapping[str, Any] | None) -> str:
    """A share with its 95% interval."""
    if told is None or told["value"] is None:
        return UNCALIBRATED
    return f"{percent(told['value'])} [{percent(told['low'])}, {percent(told['high'])}]"


def alike(because: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    """Part, reason and traces, the most first; reasons that differ only in numbers, ids and quoted words are counted as one."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for (part, reason), n in because.items():
        groups.setdefault((part, pattern(reason)), Counter())[reason] += n
    found = [(part, form if len(said) > 1 else next(iter(said)), said.total()) for (part, form), said in groups.items()]
    return sorted(found, key=lambda row: (-row[2], row[0], row[1]))


def pattern(reason: str) -> str:
    """A reason with `…` for its numbers, ids and quoted words."""
    return _PARTICULARS.sub("…", reason)


def _examples(material: Material, artifact: Artifact) -> tuple[Example, ...]:
    """One noisy trace of each of a few filters and reasons; hazards are not shown."""
    if not {"prompts", "generate"} <= material.artifacts.keys():
        return ()
    decisions = columns(artifact, "decisions", ["trace_id", "part"])
    noise = {row["trace_id"] for row in decisions.to_pylist() if row["part"] == "noise"}
    verdicts = columns(artifact, "verdicts", ["trace_id", "by", "part", "why", "score", "evidence"], noise, "trace_id").to_pylist()
    cutting = sorted((v for v in verdicts if v["part"] == "noise"), key=lambda v: (v["by"], v["why"], v["trace_id"]))
    chosen = spread([{**v, "pattern": pattern(v["why"])} for v in cutting], ("by", "pattern"), 3 * EXAMPLES_SHOWN)
    ids = {verdict["trace_id"] for verdict in chosen}
    traces = columns(material.artifacts["generate"], "traces", ["id", "prompt_id", "teacher", "text"], ids).to_pylist()
    of_id = {trace["id"]: trace for trace in traces}
    asked = prompts(material.artifacts["prompts"], "prompts", {trace["prompt_id"] for trace in traces})
    shown = [(v, of_id[v["trace_id"]]) for v in chosen if v["trace_id"] in of_id and of_id[v["trace_id"]]["prompt_id"] in asked]
    return tuple(_example(v, trace, asked[trace["prompt_id"]]) for v, trace in shown[:EXAMPLES_SHOWN])


def prompts(artifact: Artifact, table: str, ids: set[str]) -> dict[str, Prompt]:
    """The prompts of these ids that may be shown: hazards and ambiguous requests may not."""
    names = (
        "messages",
        "domain",
        "skill",
        "reference",
        "rationale",
        "grader",
        "intent",
        "family",
        "half",
        "risk",
        "wrapper",
        "source",
        "licence",
    )
    found = rows(columns(artifact, table, ("id", *names), ids), Prompt)
    return {prompt.id: prompt for prompt in found if prompt.intent in ("benign", "twin")}


def spread(items: Sequence[dict[str, Any]], keys: tuple[str, ...], most: int) -> list[dict[str, Any]]:
    """The first of each kind, then the second of each, and so on: at most `most`. A kind is the values of `keys`."""
    seen: Counter[tuple[Any, ...]] = Counter()
    ranked = []
    for i, item in enumerate(items):
        kind = tuple(item[key] for key in keys)
        ranked.append((seen[kind], i))
        seen[kind] += 1
    return [items[i] for _, i in sorted(ranked)[:most]]


def _example(verdict: dict[str, Any], trace: dict[str, Any], prompt: Prompt) -> Example:
    score = [] if verdict["score"] is None else [f"score {significant(verdict['score'])}"]
    details = ", ".join(score + ([f"evidence: {verdict['evidence']}"] if verdict["evidence"] else []))
    answer = Answer(
        model_name(trace["teacher"]),
        "teacher",
        trace["text"],
        "cut",
        f"{verdict['by']}: {verdict['why']}" + (f" ({details})" if details else ""),
    )
    turns = tuple((message.role, message.content) for message in prompt.messages)
    return Example(prompt.skill, "noise", turns, prompt.reference, (answer,))
