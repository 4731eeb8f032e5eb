"""Who is measured: the teacher, the student, and the base (the student before training)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from potstill.errors import CapabilityError, ModelError
from potstill.models import (
    Answer,
    LocalModel,
    Options,
    Sampling,
    Spending,
    Teacher,
    open_model,
    open_student,
    open_teacher,
    teacher_tokenizer,
)
from potstill.models.base import FREE
from potstill.models.fake import FakeTeacher
from potstill.models.recorded import RecordedTeacher
from potstill.recipe import Recipe
from potstill.types import Prompt, Trace

TEACHER, STUDENT, BASE = "teacher", "student", "base"
NAMES = (TEACHER, STUDENT, BASE)
"""The subjects, as findings name them."""

NOT_GIVEN = Answer("", finish_reason="error")
"""Stands where a subject has no answer: nobody can judge it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject: a model, or several that share the domains among them.

    Attributes:
        name: one of `NAMES`.
        models: the first that answers a prompt's domain answers the prompt.
        domains: for each model the domains that it answers; none: all.
    """

    name: str
    models: tuple[Teacher, ...]
    domains: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, name: str, model: Teacher) -> Subject:
        """The subject of a single model."""
        return cls(name, (model,), ((),))

    def model_for(self, prompt: Prompt) -> Teacher | None:
        """The model that answers the prompt; None when no model answers its domain."""
        pairs = zip(self.models, self.domains, strict=True)
        return next((model for model, domains in pairs if not domains or prompt.within(domains)), None)

    def network_for(self, prompt: Prompt) -> LocalModel:
        """As `model_for`, for what needs the network itself.

        Raises:
            CapabilityError: no model answers the prompt's domain, or the one that does gives no network.
        """
        model = self.model_for(prompt)
        if not isinstance(model, LocalModel):
            who = model.name if model else self.name
            raise CapabilityError("its probabilities are needed, and it gives none", where=who, fix="measure with a model that runs here")
        return model

    def answer(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Trace]:
        """One answer to each prompt, in order; one with the finish reason `error` where there is none."""
        found: list[Answer] = [NOT_GIVEN] * len(prompts)
        for model in self.models:
            mine = [i for i, prompt in enumerate(prompts) if self.model_for(prompt) is model]
            for i, answer in zip(mine, ask(model, [prompts[i] for i in mine], sampling), strict=True):
                found[i] = answer
        return [
            Trace(prompt.id, self.name, 0, answer.text, (), tuple(answer.token_ids), answer.finish_reason)
            for prompt, answer in zip(prompts, found, strict=True)
        ]


def ask(model: Teacher, prompts: Sequence[Prompt], sampling: Sampling) -> list[Answer]:
    """One answer a prompt. Answers on file, and a fake's, may be to other prompts: what was not asked is not given."""
    if not isinstance(model, RecordedTeacher | FakeTeacher):
        return [row[0] for row in model.draw(prompts, sampling)]
    found = []
    for prompt in prompts:
        try:
            rows = model.draw([prompt], sampling)[0]
        except ModelError:
            rows = []
        found.append(rows[0] if rows else NOT_GIVEN)
    return found


def open_subjects(recipe: Recipe, student: Path, spending: Spending = FREE) -> dict[str, Subject]:
    """The subjects of a recipe by name. A teacher that names domains goes before one that answers all.

    Args:
        recipe: names teachers and student.
        student: the folder of the trained student.
        spending: where requests to endpoints are written down: a teacher's answers are paid once, however often the student changes.

    Raises:
        ModelError: a model cannot be found or used.
    """
    size = recipe.evaluate.batch_size
    sections = sorted(recipe.teachers, key=lambda section: not section.domains)
    teachers = tuple(open_teacher(section, size, spending) for section in sections)
    trained = open_model(f"hf:{student}", Options(dtype=recipe.student.dtype, batch_size=size))
    base = open_student(recipe.student, teacher_tokenizer(recipe.teachers[0]), seed=recipe.seed)
    base.batch_size = size
    return {
        TEACHER: Subject(TEACHER, teachers, tuple(section.domains for section in sections)),
        STUDENT: Subject.of(STUDENT, trained),
        BASE: Subject.of(BASE, base),
    }


def check_needs(subjects: Mapping[str, Subject], suite: str, needs: frozenset[str]) -> None:
    """Check that every model gives what a suite needs.

    Raises:
        CapabilityError: one does not; it names the suite and the model.
    """
    for model in (model for subject in subjects.values() for model in subject.models):
        if not needs <= model.gives:
            fix = f"take {suite!r} out of evaluate.suites, or use a teacher that is a model in this process"
            what = f"the suite {suite!r} needs a model's probabilities, and it gives {', '.join(sorted(model.gives))} only"
            raise CapabilityError(what, where=model.name, fix=fix)
