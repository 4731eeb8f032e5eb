"""The student before training, and the tokenizers that a recipe's models go by."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from potstill.errors import ModelError, RecipeError
from potstill.models.base import Options
from potstill.models.hf import open_hf
from potstill.models.local import Loaded, LocalModel, ready
from potstill.models.new import new_network
from potstill.models.opening import open_teacher
from potstill.models.tokenizers import open_tokenizer, tokenizer_facts
from potstill.recipe.models import StudentSection, TeacherSection
from potstill.text.chat import render
from potstill.types import Message, Prompt, digest


def teacher_tokenizer(section: TeacherSection) -> PreTrainedTokenizerBase | None:
    """The tokenizer that a teacher's token ids belong to, read without its weights; None for a teacher that gives no ids of a tokenizer."""
    kind, _, name = section.model.partition(":")
    if kind == "hf" and "classes" in open_teacher(section).gives:
        return None
    if kind == "hf":
        return open_tokenizer(f"hf:{name}", section.revision, remote_code=section.remote_code)
    if section.tokenizer is not None:
        return open_tokenizer(section.tokenizer)
    return open_tokenizer("world:a") if kind == "world" else None


def student_tokenizer(section: StudentSection, teachers_tokenizer: PreTrainedTokenizerBase | None = None) -> PreTrainedTokenizerBase:
    """The student's tokenizer, with the recipe's chat template; no weights are read.

    Args:
        section: of the recipe.
        teachers_tokenizer: the first teacher's, for a new student without a tokenizer of its own.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    if section.tokenizer is not None:
        tokenizer: PreTrainedTokenizerBase | None = open_tokenizer(section.tokenizer)
    elif section.model.startswith("hf:"):
        tokenizer = open_tokenizer(section.model, section.revision, remote_code=section.remote_code)
    else:
        tokenizer = teachers_tokenizer
    if tokenizer is None:
        fix = 'set [student] tokenizer = "hf:…"'
        raise ModelError("a new student needs a tokenizer, and its teacher has none", where=section.model, fix=fix)
    if section.chat_template is not None:
        tokenizer.chat_template = section.chat_template
        _check_template(tokenizer)
    return tokenizer


def _check_template(tokenizer: PreTrainedTokenizerBase) -> None:
    """Put a question in the recipe's chat template, so that a fault is told with the key that holds it."""
    try:
        render(tokenizer, Prompt((Message("user", "a"),)), None)
    except ModelError as error:
        raise RecipeError(error.what, where="student.chat_template", fix="mend the template") from error


def open_student(section: StudentSection, teachers_tokenizer: PreTrainedTokenizerBase | None = None, *, seed: int = 0) -> LocalModel:
    """The student before training.

    Args:
        section: of the recipe.
        teachers_tokenizer: the first teacher's, for a new student without a tokenizer of its own.
        seed: of fresh weights.

    Raises:
        ModelError: the model or its tokenizer cannot be found or used.
    """
    kind, _, name = section.model.partition(":")
    if kind == "hf":
        return _opened(section, name)
    tokenizer = student_tokenizer(section, teachers_tokenizer)

    def load() -> Loaded:
        network = new_network(name, section.config, tokenizer, seed=seed, dtype=section.dtype)
        return Loaded(ready(network), tokenizer)

    facts = {"new": name, "config": digest(section.config), "seed": str(seed), "dtype": section.dtype, **tokenizer_facts(tokenizer)}
    return LocalModel(section.model, load, lambda: facts)


def _opened(section: StudentSection, name: str) -> LocalModel:
    """A student that is there already, with the section's tokenizer and chat template where it names them."""
    options = Options(section.revision, section.dtype, section.remote_code)
    model = open_hf(name, options)
    if section.tokenizer is None and section.chat_template is None:
        return model

    def load() -> Loaded:
        return Loaded(model.network, student_tokenizer(section))

    return LocalModel(model.name, load, lambda: {**model.identity(), "tokenizer": digest([section.tokenizer, section.chat_template])})
