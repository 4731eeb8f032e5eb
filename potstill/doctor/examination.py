"""The whole examination: which probes are made of a teacher and its student, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from potstill.check import parts
from potstill.doctor import answering, reading, signals
from potstill.doctor.kinship import probe_kinship
from potstill.doctor.pairing import probe_tokens
from potstill.doctor.patient import OUTCOMES, Patient
from potstill.doctor.probe import Probe
from potstill.doctor.result import Diagnosis, Result
from potstill.doctor.sides import pair_of
from potstill.doctor.terms import licence, training
from potstill.generate.routing import route
from potstill.generate.traces import card_of
from potstill.models import LocalModel, Teacher, open_teacher, teacher_tokenizer
from potstill.models.base import PROBING
from potstill.models.recorded import RecordedTeacher
from potstill.recipe import GenerateSection, Recipe, StudentSection, TeacherSection
from potstill.types import Message, Prompt

PROBES: tuple[Probe, ...] = (*answering.PROBES, *signals.PROBES, *reading.PROBES)
"""All probes of a teacher, in the order of the table; the first tells whether the others can be made."""
MADE_UP = ("fake", "recorded")
"""Kinds of teacher that draw nothing."""
SIGNALS = frozenset({"top_k", "full", "hidden_states"})
"""What a teacher gives of its log-probabilities."""


@dataclass(frozen=True)
class Case:
    """What is examined.

    Attributes:
        teacher: section of the recipe.
        student: section of the recipe; None: the teacher is examined alone.
        prompts: what it will be asked; none: questions of our own.
        signal: whether a student is trained on its log-probabilities; else what is wrong with them is a warning.
        settings: how it will draw.
        first_tokenizer: the first teacher's, which a new student without a tokenizer of its own takes.
        seed: of the run.
        evaluated: whether the teacher will be measured too.
    """

    teacher: TeacherSection
    student: StudentSection | None = None
    prompts: tuple[Prompt, ...] = ()
    signal: bool = True
    settings: GenerateSection = field(default_factory=GenerateSection)
    first_tokenizer: PreTrainedTokenizerBase | None = None
    seed: int = 0
    evaluated: bool = False


def cases(recipe: Recipe, prompts: Sequence[Prompt] = ()) -> list[Case]:
    """One case a teacher of a recipe.

    Args:
        recipe: says how they are asked, and what their answers are for.
        prompts: some of those that they will be asked; each teacher's first harmless one and its longest are used.

    Raises:
        RecipeError: no such part, or a prompt without a teacher.
        ModelError: a teacher's tokenizer cannot be read.
    """
    used = any(part.needs & SIGNALS for part in parts(recipe) if part.where.startswith(("train.", "generate")))
    first = teacher_tokenizer(recipe.teachers[0])
    return [
        Case(section, recipe.student, _telling(mine), used, recipe.generate, first, recipe.seed, bool(recipe.evaluate.sources))
        for section, mine in zip(recipe.teachers, route(prompts, recipe.teachers), strict=True)
    ]


def _telling(prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """The first harmless prompt, and the longest."""
    if not prompts:
        return ()
    first = next((prompt for prompt in prompts if prompt.intent == "benign"), prompts[0])
    return tuple(dict.fromkeys([first, max(prompts, key=_length)]))


def _length(prompt: Prompt) -> int:
    """In characters."""
    return sum(len(message.content) for message in prompt.messages) or len(prompt.reference or "")


def examine(case: Case, teacher: Teacher | None = None) -> Diagnosis:
    """Probe a teacher, and it with its student.

    Args:
        case: what is examined.
        teacher: opened already; a server is asked through a client of its own all the same, which remembers no answer.

    Raises:
        PotstillError: the teacher or student cannot be found or read.
    """
    teacher = teacher or open_teacher(case.teacher)
    tokenizer = teacher_tokenizer(case.teacher)
    patient = _patient(case, teacher, tokenizer)
    card = card_of(case.teacher, teacher)
    results = [*_probed(patient), licence(card), training(card)]
    if case.student is not None:
        sections = (case.teacher, teacher, tokenizer, case.student, patient.asked)
        pair = pair_of(*sections, first_tokenizer=case.first_tokenizer or tokenizer, seed=case.seed)
        results += [*probe_tokens(pair), *probe_kinship(pair)]
    student = case.student.model if case.student else None
    diagnosis = Diagnosis(case.teacher.model, student, tuple(results), patient.requests, patient.tokens, patient.microusd)
    return diagnosis if case.signal else diagnosis.for_text_alone()


def _probed(patient: Patient) -> list[Result]:
    """What the probes find that the teacher's kind allows; the first alone where it does not answer."""
    first = PROBES[0].of(patient)
    if first.outcome == "refused":
        return [first]
    return [first, *(probe.of(patient) for probe in PROBES[1:] if probe.needs <= patient.can)]


def _patient(case: Case, teacher: Teacher, tokenizer: PreTrainedTokenizerBase | None) -> Patient:
    return Patient(
        name=case.teacher.model,
        open=_opener(case.teacher, teacher),
        tokenizer=teacher.tokenizer if isinstance(teacher, LocalModel) else tokenizer,
        prompts=case.prompts or _on_file(teacher),
        top_k=case.teacher.top_k if case.teacher.codec == "top_k" else OUTCOMES,
        temperature=case.settings.temperature,
        max_new_tokens=case.settings.max_new_tokens,
        evaluated=case.evaluated,
        samples=case.teacher.model.partition(":")[0] not in MADE_UP,
    )


def _opener(section: TeacherSection, teacher: Teacher) -> Callable[[], Teacher]:
    """A server is asked through a new client each time, whose ledger remembers nothing: what is asked twice is sent twice.

    Probes go one by one, so never as batches, which may take a day each.
    """
    if not section.served:
        return lambda: teacher
    probed = section.model_copy(update={"batch": False})
    return lambda: open_teacher(probed, spending=PROBING)


def _on_file(teacher: Teacher) -> tuple[Prompt, ...]:
    """A question that answers on file answer; none for other teachers."""
    if not isinstance(teacher, RecordedTeacher):
        return ()
    return tuple(Prompt((Message("user", question),)) for question in teacher.questions(1))
