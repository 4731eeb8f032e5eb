"""Whose tokens the student speaks. A divergence compares probabilities token by token, so its teachers must speak the same."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from potstill.errors import CapabilityError, ModelError
from potstill.models import LocalModel, open_teacher, open_tokenizer, teacher_tokenizer
from potstill.models.tokenizers import tokenizer_facts
from potstill.recipe import Recipe


def student_tokenizer(recipe: Recipe) -> PreTrainedTokenizerBase:
    """The student's tokenizer, with the recipe's chat template; no weights are read.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    section = recipe.student
    if section.tokenizer is not None:
        tokenizer: PreTrainedTokenizerBase | None = open_tokenizer(section.tokenizer)
    elif section.model.startswith("hf:"):
        tokenizer = open_tokenizer(section.model, section.revision, remote_code=section.remote_code)
    else:
        tokenizer = teacher_tokenizer(recipe.teachers[0])
    if tokenizer is None:
        fix = 'set [student] tokenizer = "hf:…"'
        raise ModelError("a new student needs a tokenizer, and its teacher has none", where=section.model, fix=fix)
    if section.chat_template is not None:
        tokenizer.chat_template = section.chat_template
    return tokenizer


def same_tokens(recipe: Recipe) -> bool:
    """Whether every teacher's token ids are the student's too."""
    own = tokenizer_facts(student_tokenizer(recipe))["tokenizer"]
    teachers = [teacher_tokenizer(section) for section in recipe.teachers]
    return all(t is not None and tokenizer_facts(t)["tokenizer"] == own for t in teachers)


def check_divergences(recipe: Recipe) -> None:
    """Hold the divergences of `train.losses`, cached and live, against the teachers; no weights are read.

    Raises:
        CapabilityError: a teacher's tokenizer is not the student's, or a live divergence has not exactly one teacher that runs here.
        ModelError: a tokenizer or teacher cannot be found or read.
    """
    divergences = {f"train.losses.{i}": loss for i, loss in enumerate(recipe.train.losses) if loss.kind == "divergence"}
    for where, loss in divergences.items():
        if loss.teacher == "live" and not (len(recipe.teachers) == 1 and isinstance(open_teacher(recipe.teachers[0]), LocalModel)):
            what = "a live divergence needs exactly one teacher that runs here"
            raise CapabilityError(what, where=where, fix='use teacher = "cached"')
    if divergences and not same_tokens(recipe):
        fix = 'take the teacher\'s tokenizer for the student, or losses with kind = "cross_entropy"'
        raise CapabilityError(
            "a divergence needs the teacher's own tokenizer, and the student has another", where=next(iter(divergences)), fix=fix
        )
