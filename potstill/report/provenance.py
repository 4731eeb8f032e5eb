"""Where everything came from: artifacts, their inputs, parts and times, the recipe, the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from potstill.recipe import dump
from potstill.report.blocks import Block, Code, Notes, Section, Table
from potstill.report.charts import Chart, chart
from potstill.report.diagram import Node, draw
from potstill.report.sources import Material
from potstill.report.words import duration, seconds_between, significant
from potstill.store import Artifact

SHORT = 12
"""Digits of a hash that are shown."""


def section(material: Material) -> Section | None:
    """Lineage, environment, artifacts and parts; None when nothing was made."""
    if not material.artifacts:
        return None
    changed = changes(material)
    warned = (
        [Notes((f"The recipe has changed since {', '.join(changed)} ran: what is shown was made with the old settings.",), "bad")]
        if changed
        else []
    )
    blocks: list[Block] = [*warned, _lineage(material), _environment(material), _artifacts(material), _parts(material)]
    lead = "Each artifact is named by the hash of its files; potstill trace, given that hash, prints what it came from."
    return Section("provenance", "Provenance", lead, tuple(blocks))


def recipe(material: Material) -> Section:
    """The recipe with every setting written out."""
    lead = "As resolved: every setting is written out, and the same command with this file makes the same run."
    return Section("recipe", "Recipe", lead, (Code("recipe.toml", dump(material.recipe), folded=True),))


def _environment(material: Material) -> Table:
    """What the run was made with; where stages differ, each is named."""
    found: dict[str, dict[str, list[str]]] = {}
    for stage, artifact in material.artifacts.items():
        for key, value in {"potstill": artifact.manifest.code, **artifact.manifest.environment}.items():
            found.setdefault(key, {}).setdefault(value, []).append(stage)
    rows = tuple((key, _by_stage(values)) for key, values in found.items())
    return Table("Environment", ("what", "value"), rows, words=2)


def _by_stage(values: Mapping[str, list[str]]) -> str:
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{value} ({', '.join(stages)})" for value, stages in values.items())


def changes(material: Material) -> list[str]:
    """The stages whose settings in the recipe are no longer those that their artifact was made with."""
    now = material.recipe.model_dump(mode="json")
    return [stage for stage, artifact in material.artifacts.items() if _differs(artifact.manifest.section, stage, now)]


def _differs(made: Mapping[str, Any], stage: str, now: Mapping[str, Any]) -> bool:
    """Keys are those of the recipe's sections or of the stage's own section."""
    own = now.get(stage)
    return differs(made, {**(own if isinstance(own, Mapping) else {}), **now})


def differs(made: Any, now: Any) -> bool:
    """Whether a setting that stands in both is another; what is left open in the recipe, or stands in one alone, cannot be compared."""
    if now is None or now == {}:
        return False
    if isinstance(made, Mapping) and isinstance(now, Mapping):
        return any(differs(value, now[key]) for key, value in made.items() if key in now)
    if isinstance(made, list) and isinstance(now, list):
        return len(made) != len(now) or any(differs(*pair) for pair in zip(made, now, strict=True))
    return bool(made != now)


def _seconds(artifact: Artifact) -> float | None:
    return seconds_between(artifact.manifest.started, artifact.manifest.finished)


def _lineage(material: Material) -> Chart:
    nodes = [Node(stage, _detail(artifact), tuple(artifact.manifest.inputs)) for stage, artifact in material.artifacts.items()]
    desc = "; ".join(f"{node.name} from {', '.join(node.inputs) or 'no artifact'}" for node in nodes)
    return chart("lineage", "Lineage", desc, lambda width: draw(nodes, width))


def _detail(artifact: Artifact) -> str:
    seconds = _seconds(artifact)
    return " · ".join([artifact.content[:SHORT], *([duration(seconds)] if seconds is not None else []), *_numbers(artifact)[:2]])


def _numbers(artifact: Artifact) -> list[str]:
    """The stage's own numbers, as it told them; lists and tables among them are left to the manifest."""
    return [
        f"{key.replace('_', ' ')} {_told(value)}"
        for key, value in artifact.manifest.summary.items()
        if isinstance(value, int | float | str)
    ]


def _told(value: bool | float | str) -> str:
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else significant(value)


def _artifacts(material: Material) -> Table:
    rows = []
    for stage, artifact in material.artifacts.items():
        manifest, seconds = artifact.manifest, _seconds(artifact)
        inputs = ", ".join(f"{name} {content[:SHORT]}" for name, content in manifest.inputs.items()) or "–"
        took = "–" if seconds is None else duration(seconds)
        rows.append(
            (stage, manifest.content[:SHORT], inputs, ", ".join(_numbers(artifact)) or "–", str(manifest.seed), manifest.finished, took)
        )
    head = ("stage", "content", "made from", "numbers", "seed", "finished", "took")
    return Table("Artifacts", head, tuple(rows), words=4)


def _parts(material: Material) -> Table:
    found = [
        (stage, part, version)
        for stage, artifact in material.artifacts.items()
        for part, version in sorted(artifact.manifest.parts.items())
    ]
    rows = tuple((stage, part, version if len(version) < 40 else f"{version[:SHORT]}…") for stage, part, version in found)
    return Table("Parts and what they are", ("stage", "part", "version or digest"), rows, folded=True, words=3)
