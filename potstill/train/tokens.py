"""Whose tokens the student speaks. A divergence compares probabilities token by token, so its teachers must speak the same."""

from __future__ import annotations

from collections.abc import Sequence

from potstill.errors import CapabilityError
from potstill.models import LocalModel, open_teacher, student_tokenizer, teacher_tokenizer
from potstill.models.tokenizers import tokenizer_facts
from potstill.recipe import Recipe, TeacherSection
from potstill.train.losses.divergence import check_codec, open_divergence, ramps_of


def same_tokens(recipe: Recipe) -> bool:
    """Whether every teacher's token ids are the student's too."""
    teachers = [teacher_tokenizer(section) for section in recipe.teachers]
    own = tokenizer_facts(student_tokenizer(recipe.student, teachers[0]))["tokenizer"]
    return all(t is not None and tokenizer_facts(t)["tokenizer"] == own for t in teachers)


def check_divergences(recipe: Recipe) -> None:
    """Hold the divergences of `train.losses`, cached and live, against the teachers; no weights are read.

    Raises:
        RecipeError: there is no such divergence, or it does not take its settings.
        CapabilityError: a teacher is a classifier, its tokenizer is not the student's, a live divergence has not exactly one teacher
            that runs here, or a cached one several whose distributions are kept by different codecs.
        ModelError: a tokenizer or teacher cannot be found or read.
    """
    divergences = {f"train.losses.{i}": loss for i, loss in enumerate(recipe.train.losses) if loss.kind == "divergence"}
    for where in divergences:
        for section in recipe.teachers:
            _check_language(section, where)
    for where, loss in divergences.items():
        for end in ("start", "end"):
            open_divergence(loss.settled({key: getattr(ramp, end) for key, ramp in ramps_of(loss).items()}), where)
        beside = len(recipe.teachers) == 1 and isinstance(open_teacher(recipe.teachers[0]), LocalModel)
        codecs = [section.codec for section in recipe.teachers]
        if loss.teacher == "live" and not beside:
            what = "a live divergence needs exactly one teacher that runs here"
            raise CapabilityError(what, where=where, fix='use teacher = "cached"')
        if loss.teacher == "cached" and "hidden_states" in codecs and not beside:
            what = "stored hidden states need exactly one teacher, whose head runs here"
            raise CapabilityError(what, where=where, fix='use codec = "top_k"')
        if loss.teacher == "cached":
            _check_same_codec(recipe.teachers)
            for codec in codecs:
                check_codec(codec, loss, where)
    if divergences and not same_tokens(recipe):
        fix = 'take the teacher\'s tokenizer for the student, or losses with kind = "cross_entropy"'
        raise CapabilityError(
            "a divergence needs the teacher's own tokenizer, and the student has another", where=next(iter(divergences)), fix=fix
        )


def _check_same_codec(teachers: Sequence[TeacherSection]) -> None:
    """What one divergence is taken from is kept in one way, whoever said it."""
    first = teachers[0]
    for i, section in enumerate(teachers):
        if section.codec != first.codec:
            what = f"the teachers' distributions would be kept in different ways: {section.codec} here and {first.codec} by {first.model}"
            raise CapabilityError(what, where=f"teachers.{i}.codec", fix="give all teachers the same codec")


def _check_language(section: TeacherSection, where: str) -> None:
    """Probabilities of classes are of no tokens; what a classifier says can be learnt, its distribution cannot by a language model."""
    if "classes" in open_teacher(section).gives:
        what = f"a divergence compares probabilities of tokens, and {section.model} gives probabilities of classes"
        raise CapabilityError(what, where=where, fix='learn the names of its classes with kind = "cross_entropy", or take a language model')
