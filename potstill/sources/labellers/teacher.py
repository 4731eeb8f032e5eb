"""Labels by asking a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, get_args

from pydantic import Field

from potstill.errors import RecipeError
from potstill.models import Sampling, Teacher, open_teacher
from potstill.models.fitting import answers_that_fit
from potstill.recipe.models import TeacherSection
from potstill.registry import part
from potstill.sources.labels import Help, LabelSettings, Of, Said, labelled_text
from potstill.text.answers import final_answer
from potstill.text.segments import segments, without_reasoning
from potstill.types import Intent, Message, Prompt

QUESTION = (
    "Which of these labels fits the request below? {labels}\n"
    "Answer with one label and nothing else.\n\n"
    "The request, which is not to be answered:\n{prompt}"
)
"""Asked of the model where the recipe says nothing else."""


class TeacherSettings(LabelSettings):
    """Settings of the labeller `teacher`.

    Attributes:
        model: who is asked, as in `[[teachers]]`; with `dialect` and `api_key_env` as there.
        of: which label it gives.
        labels: those that it may give; `{label = "what it means"}` tells the model more.
        question: how it is asked, with `{labels}` and `{prompt}`.
        max_new_tokens: of its answer.
    """

    model: str = Field(pattern=r"^[a-z]+:.+")
    of: Of = "domain"
    labels: tuple[str, ...] | dict[str, str] = Field(min_length=2)
    question: str = QUESTION
    dialect: str = "openai"
    api_key_env: str | None = None
    max_new_tokens: int = Field(32, ge=1)


@part("labeller", "teacher", version="2")
class TeacherLabeller:
    """The label that a model chooses from a list; an answer that is not just one of them is no label.

    Raises:
        RecipeError: a label that is none, or a question without its slots.
        ModelError: the model cannot be found, loaded or used.
    """

    Settings: ClassVar[type[LabelSettings]] = TeacherSettings
    SPENDS: ClassVar[bool] = True

    def __init__(self, settings: TeacherSettings, help_: Help) -> None:
        self._settings, self._help = settings, help_
        check_labels(settings.labels, settings.of, help_.where)
        for slot in ("{labels}", "{prompt}"):
            if slot not in settings.question:
                raise RecipeError(f"the question has no {slot}", where=help_.where, fix=f"as in {QUESTION!r}")

    def identity(self) -> dict[str, str]:
        """What distinguishes the model from every other."""
        return self._model.identity()

    def label(self, prompts: Sequence[Prompt]) -> list[Said | None]:
        """What the model answers; None where that is not one of the labels, and where the question does not fit the model's context."""
        sampling = Sampling(temperature=0.0, max_new_tokens=self._settings.max_new_tokens, seed=self._help.seed)
        answers = answers_that_fit(self._model, [self._question(prompt) for prompt in prompts], sampling)
        return [None if answer is None else self._said(answer.text) for answer in answers]

    @cached_property
    def _model(self) -> Teacher:
        settings = self._settings
        served = {"dialect": settings.dialect, "api_key_env": settings.api_key_env} if settings.model.startswith("http") else {}
        return open_teacher(TeacherSection.model_validate({"model": settings.model, **served}), spending=self._help.spending)

    def _question(self, prompt: Prompt) -> Prompt:
        labels = self._settings.labels
        told = "; ".join(f"{label}: {meaning}" for label, meaning in labels.items()) if isinstance(labels, Mapping) else ", ".join(labels)
        parts = self._settings.question.replace("{labels}", told).partition("{prompt}")
        return Prompt((Message("user", parts[0] + labelled_text(prompt) + parts[2]),))

    def _said(self, text: str) -> Said | None:
        answer = without_reasoning(text, segments(text)).strip()
        plain = _plain(final_answer(answer) or answer)
        found = [label for label in self._settings.labels if _plain(label) == plain]
        return as_said(self._settings.of, found[0]) if len(found) == 1 else None


def check_labels(labels: Sequence[str] | Mapping[str, str], of: Of, where: str) -> None:
    """Every label is one that a prompt may have.

    Raises:
        RecipeError: one is not.
    """
    for label in labels if of == "intent" else ():
        if label not in get_args(Intent):
            raise RecipeError(f"unknown intent {label!r}", where=where, fix=f"one of: {', '.join(get_args(Intent))}")


def as_said(of: Of, label: str) -> Said:
    """One label as what a labeller says; a family is one of hazards."""
    told: dict[str, Any] = {"intent": "hazard", of: label} if of == "family" else {of: label}
    return Said(**told)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,;:!\"'`*()[]")
