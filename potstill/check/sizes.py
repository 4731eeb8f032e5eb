"""How large a recipe's models are, from their configs: no weights are read, so a model of any size is looked at in no time."""

from __future__ import annotations

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedConfig

from potstill.check.estimate import Size
from potstill.errors import RecipeError
from potstill.models import student_tokenizer, teacher_tokenizer
from potstill.models.hf import check_config, classifies, locate
from potstill.models.new import from_config, new_config
from potstill.models.world import TEACHERS
from potstill.recipe import Recipe, TeacherSection
from potstill.recipe.models import ModelSection


def teacher_size(section: TeacherSection) -> Size:
    """A teacher's size; 0 parameters for one that is no network (a file of answers)."""
    config = teacher_config(section)
    return Size(section.model, 0) if config is None else network_size(section, config)


def teacher_config(section: TeacherSection) -> PreTrainedConfig | None:
    """A teacher's config; None for one that is no network here."""
    kind, _, name = section.model.partition(":")
    if kind not in ("hf", "world"):
        return None
    return _config(section, str(TEACHERS / name) if kind == "world" else name)


def context_of(config: PreTrainedConfig | None) -> int | None:
    """Positions that a network has; None where that is not known or has no limit."""
    return None if config is None else getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)


def student_size(recipe: Recipe) -> Size:
    """The student's size, and with it that such a student can be and that what it is trained on fits its context.

    Raises:
        ModelError, RecipeError: it or its tokenizer cannot be found, its settings cannot be used, or its context is too short.
    """
    config = student_config(recipe)
    _check_context(config, recipe.train.max_length)
    return network_size(recipe.student, config)


def student_config(recipe: Recipe) -> PreTrainedConfig:
    """The student's config.

    Raises:
        ModelError, RecipeError: it or its tokenizer cannot be found, or its settings cannot be used.
    """
    section = recipe.student
    kind, _, name = section.model.partition(":")
    if kind == "hf":
        return _config(section, name)
    config = new_config(name, section.config, student_tokenizer(section, teacher_tokenizer(recipe.teachers[0])))
    _check_heads(config)
    return config


def _config(section: ModelSection, name: str) -> PreTrainedConfig:
    """The config of a model that is there already."""
    return check_config(locate(name, section.revision), section.remote_code)


def _check_heads(config: PreTrainedConfig) -> None:
    """Networks are made in silence with heads that cannot share keys and values, and fail when they are used."""
    heads, shared = (getattr(config, f"num_{which}_heads", None) for which in ("attention", "key_value"))
    if heads and shared and heads % shared:
        what = f"num_attention_heads ({heads}) is not a multiple of num_key_value_heads ({shared})"
        raise RecipeError(what, where="student.config", fix="make the one divide the other, or set both to the same")


def _check_context(config: PreTrainedConfig, longest: int) -> None:
    """Some networks fail beyond their context, and others go on without having learnt what stands there."""
    context = context_of(config)
    if context is not None and longest > context:
        what = f"sequences of up to {longest} tokens do not fit the student's context of {context}"
        raise RecipeError(what, where="train.max_length", fix=f"set it to {context} or less, or give the student a longer context")


def network_size(section: ModelSection, config: PreTrainedConfig) -> Size:
    """The parameters of a network without memory (torch's meta device), tied ones counted once."""
    fix = "take a model whose sizes fit together"
    kind = AutoModelForSequenceClassification if classifies(config) else AutoModelForCausalLM
    with torch.device("meta"):
        network = from_config(config, section.model, fix, kind, trust_remote_code=section.remote_code)
    text = config.get_text_config(decoder=True)
    parameters = sum(p.numel() for p in network.parameters())
    return Size(section.model, parameters, text.num_hidden_layers, text.hidden_size, section.dtype)
