"""The stage: a student in, a scorecard out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from potstill.errors import InputError, RecipeError
from potstill.evaluate.card import FINDINGS, SCORECARD, Card, missed, read_limits
from potstill.evaluate.engine import Engine
from potstill.evaluate.pieces import Pieces
from potstill.evaluate.subjects import STUDENT, check_needs, open_subjects
from potstill.evaluate.suites.base import Suite
from potstill.models import open_teacher, spending_of
from potstill.recipe import Recipe
from potstill.registry import find
from potstill.store import Artifact, Run, Workspace, from_rows, rows
from potstill.text.refusals import RefusalDetector
from potstill.types import Finding, Prompt, Scorecard

ANSWERS = "answers"
BATCHES = 4
"""Batches a piece of the work that is kept."""
HEADLINES = ("accuracy", "retention", "kl_teacher_student", "nats_per_token", "hazard_leak", "over_refusal")
"""The student's measures that the manifest shows."""


def score(run: Run, student: Artifact) -> Card:
    """Measure the teacher, the student and the student before training.

    Args:
        run: the run.
        student: the artifact of the stage `train`.

    Returns:
        the scorecard; it has passed when every limit of the recipe was measured and held.

    Raises:
        RecipeError: an unknown suite, a suite with nothing to measure, or a limit that no suite measures.
        CapabilityError: a suite needs what a teacher does not give.
        ModelError: a model cannot be found or used.
    """
    section = run.recipe.evaluate
    inputs = {"prompts": run.artifact("prompts"), "train": student}
    prompts = choose(rows(inputs["prompts"].table("evaluation"), Prompt), section.per_skill)
    suites = open_suites(run.recipe, prompts)
    limits = read_limits(section.limits, suites)

    def work(workspace: Workspace) -> dict[str, Any]:
        engine = _engine(run, workspace, prompts, student)
        findings = [finding for suite in suites.values() for finding in suite.measure(engine)]
        failed = missed(limits, findings, list(suites))
        workspace.write_table(FINDINGS, from_rows(findings, Finding))
        workspace.write_table(ANSWERS, _answers(engine))
        workspace.write_json(SCORECARD, {"missed": list(failed)})
        card = Scorecard(tuple(findings), failed)
        shown = {name: found.value for name in HEADLINES if (found := card.find(name)) is not None}
        return {"prompts": len(prompts), "findings": len(findings), "missed": len(failed), **shown, **_detector(suites)}

    settings = {"evaluate": section, "teachers": [teacher.decisive() for teacher in run.recipe.teachers]}
    artifact = run.perform("evaluate", section=settings, inputs=inputs, parts=_parts(run.recipe, prompts), work=work)
    return Card(artifact.folder, artifact.manifest)


def _detector(suites: Mapping[str, Suite]) -> dict[str, float]:
    """How often the detector that tells refusals is right, where a suite counts them."""
    if not any("refusal" in measure for suite in suites.values() for measure in suite.measures):
        return {}
    both = RefusalDetector.shipped().figures["both"]
    return {f"refusal_{name}": both[name]["value"] for name in ("sensitivity", "specificity")}


def choose(prompts: Iterable[Prompt], per_skill: int | None) -> list[Prompt]:
    """At most `per_skill` prompts of each skill, the first ones.

    Raises:
        InputError: there are none.
    """
    counts: dict[str, int] = {}
    found = []
    for prompt in prompts:
        counts[prompt.skill] = counts.get(prompt.skill, 0) + 1
        if per_skill is None or counts[prompt.skill] <= per_skill:
            found.append(prompt)
    if not found:
        fix = 'name sources, as in sources = ["world:math?n=200"]'
        raise InputError("there are no prompts to measure on", where="evaluate.sources", fix=fix)
    return found


def open_suites(recipe: Recipe, prompts: Sequence[Prompt]) -> dict[str, Suite]:
    """The suites asked for, by name; each has something to measure.

    Raises:
        RecipeError: an unknown suite, or one with nothing to measure.
    """
    found: dict[str, Suite] = {}
    for place, name in enumerate(recipe.evaluate.suites):
        where = f"evaluate.suites.{place}"
        suite: Suite = find("suite", name, where).factory()
        if lack := suite.lack(prompts):
            fix = "take it out, or change evaluate.sources"
            raise RecipeError(f"the suite {name!r} has nothing to measure: {lack}", where=where, fix=fix)
        found[name] = suite
    return found


def _parts(recipe: Recipe, prompts: Sequence[Prompt]) -> dict[str, str]:
    """The versions of suites and judges, and who the teachers are. The train stage's artifact stands for the student."""
    graders = sorted({prompt.grader for prompt in prompts if prompt.grader} | {"refusal"})
    found = {f"suite/{name}": find("suite", name).version for name in recipe.evaluate.suites}
    found |= {f"judge/{name}": find("judge", name, "evaluate.grader").version for name in graders}
    for place, section in enumerate(recipe.teachers):
        found |= {f"teachers.{place} {key}": value for key, value in open_teacher(section).identity().items()}
    return found


def _engine(run: Run, workspace: Workspace, prompts: Sequence[Prompt], student: Artifact) -> Engine:
    section = run.recipe.evaluate
    subjects = open_subjects(run.recipe, student.path(STUDENT), spending_of(run))
    for name in section.suites:
        check_needs(subjects, name, find("suite", name).needs)
    pieces = Pieces(workspace.scratch, BATCHES * section.batch_size, run.log)
    return Engine(subjects, prompts, pieces, section.max_new_tokens, run.recipe.seed)


def _answers(engine: Engine) -> pa.Table:
    """Every answer with what its judge said; the text is null where there is no answer."""
    columns: Mapping[str, list[Any]] = {name: [] for name in ("subject", "prompt_id", "skill", "text", "grade")}
    for subject in engine.answered:
        for prompt, answer, grade in zip(engine.asked, engine.answers(subject), engine.grades(subject), strict=True):
            text = None if answer.finish_reason == "error" else answer.text
            for column, value in zip(columns.values(), (subject, prompt.id, prompt.skill, text, grade), strict=True):
                column.append(value)
    kinds = {name: pa.float64() if name == "grade" else pa.string() for name in columns}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
