"""The stage: the run's artifacts in, a page and a model card out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from potstill.report.harvest import DOCTOR
from potstill.report.model_card import card as card_of
from potstill.report.page import page
from potstill.report.rendering import html, markdown
from potstill.report.sources import GATHERED, SPEED, STAGES, collect
from potstill.store import Artifact, Run, Workspace
from potstill.store.artifact import digest_file
from potstill.types import digest

VERSION = "5"
"""Raised when the same artifacts would give another page."""
PAGE, CARD = "report.html", "README.md"
LOGGED = {"generate": DOCTOR, "export": SPEED}
"""Files that are shown and belong to no content hash."""


def write(run: Run, card: Artifact | None = None) -> Artifact:
    """Write the page `report.html` and the model card `README.md` of a run, of as many stages as were done.

    Args:
        run: the run.
        card: the evaluation to show; None: the run's current one.

    Raises:
        StoreError: an artifact is damaged, or the run folder cannot be written.
    """
    current = run.artifacts() | ({"evaluate": card} if card is not None else {})
    inputs = {stage: current[stage] for stage in STAGES if stage in current}
    thought = current["filter"].manifest.inputs if "filter" in current else ()
    inputs |= {name: current[name] for name in thought if name.startswith("filter.") and name in current}
    if (gathered := _with_faults(current)) is not None:
        inputs[GATHERED] = gathered
    if not inputs:
        run.log.say(f"report: nothing is done yet in {run.folder}, and the page says no more; `potstill run` makes what it shows")
    return run.perform("report", section=run.recipe, inputs=inputs, parts=_parts(inputs), work=lambda ws: _make(run, inputs, ws))


def _with_faults(current: Mapping[str, Artifact]) -> Artifact | None:
    """What the run's prompts were read from, where a row of it was set aside; None also where it was read anew since."""
    found, asked = current.get(GATHERED), current.get("prompts")
    if found is None or asked is None or not asked.manifest.summary.get("quarantined"):
        return None
    labelled = current.get("prompts.labelled")
    read = {**(labelled.manifest.inputs if labelled is not None else {}), **asked.manifest.inputs}
    return found if read.get(GATHERED) == found.manifest.content else None


def _parts(inputs: Mapping[str, Artifact]) -> dict[str, str]:
    """What is shown beside the artifacts' content: their manifests' times and environments, and `LOGGED`."""
    found = {"report": VERSION, "manifests": digest({stage: artifact.manifest.to_json() for stage, artifact in inputs.items()})}
    for stage, name in LOGGED.items():
        if stage in inputs and (path := inputs[stage].folder / name).is_file():
            found[name] = digest_file(path)
    return found


def _make(run: Run, inputs: Mapping[str, Artifact], workspace: Workspace) -> dict[str, Any]:
    material = collect(run.recipe, inputs)
    whole = page(material)
    workspace.write_text(PAGE, html(whole))
    workspace.write_text(CARD, markdown(card_of(material)))
    return {"sections": len(whole.sections), "not_done": ", ".join(material.missing) or "nothing"}
