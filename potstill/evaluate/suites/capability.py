"""Capability: how often the answer is right, and how much of the teacher's skill the student kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from potstill.evaluate.engine import Engine
from potstill.evaluate.statistics import macro_mean, retention
from potstill.evaluate.subjects import NAMES, STUDENT, TEACHER
from potstill.evaluate.suites.base import ALL, Better, filled, grouped, share
from potstill.judges.shares import wilson
from potstill.registry import part
from potstill.types import Finding, Prompt
from potstill.world import REASONING

SUITE = "capability"
REASONING_GROUP = "reasoning"
"""The mean over the world's traced skills, each weighing the same."""


@part("suite", "capability", version="2")
class Capability:
    """Accuracy by skill and by domain, and the share of the teacher's that the student kept."""

    measures: ClassVar[Mapping[str, Better | None]] = {"accuracy": "higher", "retention": "higher", "truncated": "lower"}

    def lack(self, prompts: Sequence[Prompt]) -> str:
        """Why nothing can be measured on these prompts; empty when something can."""
        harmless = [prompt for prompt in prompts if _counts(prompt)]
        if not harmless:
            return "none of the evaluation prompts is a harmless question"
        return "" if any(prompt.grader for prompt in harmless) else "no harmless question has a grader (evaluate.grader)"

    def measure(self, engine: Engine) -> list[Finding]:
        """Accuracies of all subjects, the student's retention, and the share of answers cut off at the limit."""
        places = [i for i, prompt in enumerate(engine.asked) if _counts(prompt)]
        prompts = [engine.asked[i] for i in places]
        marks = {subject: [engine.grades(subject)[i] for i in places] for subject in NAMES}
        findings = [finding for subject in NAMES for finding in _accuracies(subject, prompts, marks[subject], engine.seed)]
        findings += _retentions(prompts, marks[STUDENT], marks[TEACHER], engine.seed)
        return findings + [_truncated(engine, subject, places) for subject in NAMES]


def _counts(prompt: Prompt) -> bool:
    """Hazards have no answer that ought to be given, and ambiguous requests may well be declined."""
    return bool(prompt.messages) and prompt.intent in ("benign", "twin")


def _groups(prompt: Prompt) -> Iterable[str]:
    if prompt.skill in REASONING and prompt.source.startswith("world:"):
        yield REASONING_GROUP
    if prompt.domain:
        yield f"domain:{prompt.domain.partition('.')[0]}"
    if prompt.skill:
        yield prompt.skill


def _accuracies(subject: str, prompts: Sequence[Prompt], marks: Sequence[float | None], seed: int) -> list[Finding]:
    found = []
    for group, places in grouped(prompts, _groups).items():
        blank, mine = Finding(SUITE, "accuracy", subject, group, None, by="the prompts' graders"), [marks[i] for i in places]
        if group == REASONING_GROUP:
            strata = _by_skill([prompts[i] for i in places], mine)
            blank = replace(blank, by=f"mean of {len(strata)} skills")
            found.append(filled(blank, macro_mean(strata, seed), sum(map(len, strata)), len(mine)))
        else:
            found.append(share(blank, mine, wilson))
    return found


def _retentions(prompts: Sequence[Prompt], student: Sequence[float | None], teacher: Sequence[float | None], seed: int) -> list[Finding]:
    """Over the prompts on which both could be judged, so that the two are compared pair by pair."""
    found = []
    for group, places in grouped(prompts, _groups).items():
        both = [i for i in places if student[i] is not None and teacher[i] is not None]
        skills = [prompts[i] for i in both] if group == REASONING_GROUP else [replace(prompts[i], skill="") for i in both]
        kept, had = (_by_skill(skills, [marks[i] for i in both]) for marks in (student, teacher))
        blank = Finding(SUITE, "retention", STUDENT, group, None, unit="ratio", by="student / teacher")
        estimate = retention(list(zip(kept, had, strict=True)), seed)
        found.append(filled(blank, estimate, len(both), len(places), "the teacher has nothing right" if both else "none could be judged"))
    return found


def _by_skill(prompts: Sequence[Prompt], marks: Sequence[float | None]) -> list[np.ndarray]:
    """The marks that were given, apart for each skill."""
    found: dict[str, list[float]] = {}
    for prompt, mark in zip(prompts, marks, strict=True):
        if mark is not None:
            found.setdefault(prompt.skill, []).append(mark)
    return [np.array(values) for values in found.values()]


def _truncated(engine: Engine, subject: str, places: Sequence[int]) -> Finding:
    answers = [engine.answers(subject)[i] for i in places]
    marks = [None if answer.finish_reason == "error" else float(answer.finish_reason == "length") for answer in answers]
    return share(Finding(SUITE, "truncated", subject, ALL, None, by="evaluate.max_new_tokens"), marks, wilson)
