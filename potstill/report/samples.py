"""Prompts with the teacher's and the student's answers, a few right and a few wrong; hazards are not shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from potstill.report.blocks import Answer, Example, Examples, Section
from potstill.report.cut import prompts, spread
from potstill.report.findings import WHOSE
from potstill.report.sources import Material, columns
from potstill.types import Prompt

A_KIND = 4
"""How many are shown of each kind."""
KINDS = {
    "wrong": "The student was wrong",
    "right": "The student was right",
    "unknown": "Could not be judged",
}


def section(material: Material) -> Section | None:
    """The section; None when nothing was answered."""
    if not {"prompts", "evaluate"} <= material.artifacts.keys():
        return None
    answers = columns(material.artifacts["evaluate"], "answers", ["subject", "prompt_id", "skill", "text", "grade"]).to_pylist()
    asked = prompts(material.artifacts["prompts"], "evaluation", {answer["prompt_id"] for answer in answers})
    own = sorted((a for a in answers if a["subject"] == "student" and a["prompt_id"] in asked), key=lambda a: (a["skill"], a["prompt_id"]))
    chosen = {kind: spread([answer for answer in own if grade_of(answer["grade"]) == kind], ("skill",), A_KIND) for kind in KINDS}
    ids = {answer["prompt_id"] for found in chosen.values() for answer in found}
    given: dict[str, dict[str, Any]] = {prompt_id: {} for prompt_id in ids}
    for answer in answers:
        if answer["prompt_id"] in ids:
            given[answer["prompt_id"]][answer["subject"]] = answer
    blocks = tuple(
        Examples(KINDS[kind], tuple(_example(asked[answer["prompt_id"]], kind, given[answer["prompt_id"]]) for answer in found))
        for kind, found in chosen.items()
        if found
    )
    lead = "Chosen by prompt id, from as many skills as there are. Hazards and ambiguous requests are in the run folder, not here."
    return Section("examples", "Answers side by side", lead, blocks) if blocks else None


def grade_of(grade: float | None) -> str:
    """`right` from half a point on, `wrong` below it, `unknown` where nothing could be judged."""
    if grade is None:
        return "unknown"
    return "right" if grade >= 0.5 else "wrong"


def _answer(subject: str, given: Mapping[str, Any]) -> Answer:
    text = given["text"]
    shown = "(no answer)" if text is None else text if text.strip() else "(empty)"
    return Answer(subject, subject, shown, grade_of(given["grade"]))


def _example(prompt: Prompt, kind: str, given: Mapping[str, Mapping[str, Any]]) -> Example:
    answers = tuple(_answer(subject, given[subject]) for subject in WHOSE[:2] if subject in given)
    turns = tuple((message.role, message.content) for message in prompt.messages)
    return Example(prompt.skill, kind, turns, prompt.reference, answers)
