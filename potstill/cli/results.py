"""What is told when a run is done: a dozen lines, from the artifacts' own numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from potstill.report.findings import Findings
from potstill.report.sources import SPEED
from potstill.report.words import factor, interval, measured
from potstill.store import Artifact, Run, rows, tables
from potstill.types import Finding

SHOWN = ("accuracy", "nats_per_token", "kl_teacher_student", "hazard_refusal", "hazard_leak", "over_refusal")
"""The measures that are told, before, after, and of the teacher."""
WHOSE = ("base", "student", "teacher")
MOST_GROUPS = 8
"""More skills than these are left to the report, but for the hardest."""


def facts(artifact: Artifact) -> dict[str, Any]:
    """An artifact as plain values."""
    manifest = artifact.manifest
    return {"content": artifact.content, "folder": str(artifact.folder), "finished": manifest.finished, "summary": manifest.summary}


def lines(run: Run, made: Mapping[str, Artifact]) -> list[str]:
    """The result for people, as far as the stages went."""
    return [f"{run.recipe.name}: {run.folder}", *_models(run, made), *_traces(made), *_measures(made), *_files(made)]


def _models(run: Run, made: Mapping[str, Artifact]) -> Iterator[str]:
    if "train" not in made:
        return
    from potstill.check.sizes import teacher_size  # it brings torch in

    teacher, student = teacher_size(run.recipe.teachers[0]).parameters, int(made["train"].manifest.summary["parameters"])
    if teacher:
        yield _line("teacher", f"{run.recipe.teachers[0].model}, {teacher:,} parameters")
    smaller = f", {factor(teacher / student)} fewer" if teacher else ""
    yield _line("student", f"{run.recipe.student.model}, {student:,} parameters{smaller}")


def _traces(made: Mapping[str, Artifact]) -> Iterator[str]:
    if "prompts" in made:
        summary = made["prompts"].manifest.summary
        aside = f"; {summary['quarantined']:,} malformed rows set aside" if summary.get("quarantined") else ""
        yield _line("prompts", f"{summary['prompts']:,}, and {summary['evaluation']:,} to measure on{aside}")
        yield from _measured(summary.get("measured", {}))
    if "generate" in made:
        summary = made["generate"].manifest.summary
        yield _line("traces", f"{summary['traces']:,}, {summary['tokens']:,} tokens")
    if "filter" in made:
        summary = made["filter"].manifest.summary
        yield _line("filter", ", ".join(f"{summary[part]:,} {part}" for part in ("keep", "hazard", "noise")))
        yield from _measured(summary.get("measured", {}))
    if "train" in made:
        summary = made["train"].manifest.summary
        best = f", best at step {summary['best_step']:,}" if summary.get("best_step") else ""
        yield _line("train", f"{summary['steps']:,} steps, {summary['tokens']:,} tokens{best}")


def _measured(filters: Mapping[str, Any]) -> Iterator[str]:
    """A line a filter whose errors were measured, and one for each kind of fault, with intervals at 95%."""
    width = max([18, *(len(kind) + 1 for told in filters.values() for kind in told["faults"])])
    for by, told in filters.items():
        hard = f", of hard faults {_share(told['hard_recall'])}" if told.get("hard_recall", {}).get("n") else ""
        wrong = _share(told["false_positive_rate"])
        yield _line("", f"{by:<{width + 2}}recall {_share(told['recall'])}{hard}, false positives {wrong}")
        for kind, found in told["faults"].items():
            yield _line("", f"  {kind:<{width}}{_share(found)}")


def _share(told: Mapping[str, Any]) -> str:
    if told["value"] is None:
        return "uncalibrated"
    return f"{told['value']:.3f} [{told['low']:.3f}, {told['high']:.3f}] of {told['n']:,}"


def _measures(made: Mapping[str, Artifact]) -> Iterator[str]:
    """A row a measure and group; the intervals of the student are at 95%."""
    if "evaluate" not in made:
        return
    found = Findings(rows(made["evaluate"].table("findings"), Finding))
    yield _line("", f"{'':<28}{'before':>9}{'student':>9}{'teacher':>9}")
    for name in SHOWN:
        for group in _groups(found, name):
            told = [_value(found.get(name, whose, group)) for whose in WHOSE]
            if any(told):
                yield _line("", f"{_label(name, group):<28}{told[0]:>9}{told[1]:>9}{told[2]:>9}  {_interval(found, name, group)}".rstrip())
    group = "reasoning" if found.get("retention", group="reasoning") else "all"
    if (kept := found.get("retention", group=group)) and kept.value is not None:
        yield _line("retention", " ".join(filter(None, (f"{kept.value:.3f}", interval(kept), f"of the teacher's accuracy ({group})"))))


def _groups(found: Findings, name: str) -> Sequence[str]:
    """Which groups are told: all; for accuracy the skills too, the student's hardest first where there are many."""
    if name != "accuracy":
        return ["all"]
    skills = [group for group in found.groups(name) if group not in ("all", "reasoning") and not group.startswith("domain:")]
    skills = sorted(skills, key=lambda skill: found.value(name, group=skill) or 0.0)[:MOST_GROUPS] if len(skills) > MOST_GROUPS else skills
    return ["reasoning" if found.get(name, group="reasoning") else "all", *skills]


def _label(name: str, group: str) -> str:
    return name if group == "all" else f"{name}, {group}" if group == "reasoning" else f"  {group}"


def _value(finding: Finding | None) -> str:
    return "" if finding is None or finding.value is None else measured(finding.value, finding.unit)


def _interval(found: Findings, name: str, group: str) -> str:
    finding = found.get(name, group=group)
    return interval(finding) if finding else ""


def _files(made: Mapping[str, Artifact]) -> Iterator[str]:
    if "export" in made:
        export = made["export"]
        sizes = Findings(rows(export.table("findings"), Finding))
        speeds = Findings(rows(tables.read(export.path(SPEED)), Finding))
        for name in sizes.subjects("bytes"):
            speed = next((speeds.get("tokens_per_second", name, group) for group in speeds.groups("tokens_per_second")), None)
            at = f" at {measured(speed.value, speed.unit)} tokens/s ({speed.group})" if speed and speed.value else ""
            shown = "against the teacher" if name == "teacher" else name
            yield _line("export", f"{shown:<22}{_value(sizes.get('bytes', name, 'weights')):>8}{at}")
    if "report" in made:
        yield _line("report", str(made["report"].path("report.html")))


def _line(name: str, text: str) -> str:
    return f"{name:<10}{text}"
