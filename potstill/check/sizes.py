"""How large a recipe's models are, from their configs: no weights are read, so a model of any size is looked at in no time."""

from __future__ import annotations

import torch
from transformers import PreTrainedConfig

from potstill.check.estimate import Size
from potstill.errors import RecipeError
from potstill.models import student_tokenizer, teacher_tokenizer
from potstill.models.hf import check_config, locate
from potstill.models.new import from_config, new_config
from potstill.models.world import TEACHERS
from potstill.recipe import Recipe, TeacherSection


def teacher_size(section: TeacherSection) -> Size:
    """A teacher's size; 0 parameters for one that is no network (a file of answers)."""
    kind, _, name = section.model.partition(":")
    if kind not in ("hf", "world"):
        return Size(section.model, 0)
    config = check_config(locate(str(TEACHERS / name) if kind == "world" else name, section.revision), section.remote_code)
    return _size(section.model, config, section.dtype, section.remote_code)


def student_size(recipe: Recipe) -> Size:
    """The student's size, and with it that such a student can be and that what it is trained on fits its context.

    Raises:
        ModelError, RecipeError: it or its tokenizer cannot be found, its settings cannot be used, or its context is too short.
    """
    section = recipe.student
    kind, _, name = section.model.partition(":")
    if kind == "hf":
        config = check_config(locate(name, section.revision), section.remote_code)
        _check_context(config, recipe.train.max_length)
        return _size(section.model, config, section.dtype, section.remote_code)
    config = new_config(name, section.config, student_tokenizer(section, teacher_tokenizer(recipe.teachers[0])))
    heads, shared = (getattr(config, f"num_{which}_heads", None) for which in ("attention", "key_value"))
    if heads and shared and heads % shared:
        what = f"num_attention_heads ({heads}) is not a multiple of num_key_value_heads ({shared})"
        raise RecipeError(what, where="student.config", fix="make the one divide the other, or set both to the same")
    _check_context(config, recipe.train.max_length)
    return _size(section.model, config, section.dtype, False)


def _check_context(config: PreTrainedConfig, longest: int) -> None:
    """Some networks fail beyond their context, and others go on without having learnt what stands there."""
    context = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    if context is not None and longest > context:
        what = f"sequences of up to {longest} tokens do not fit the student's context of {context}"
        raise RecipeError(what, where="train.max_length", fix=f"set it to {context} or less, or give the student a longer context")


def _size(name: str, config: PreTrainedConfig, dtype: str, remote_code: bool) -> Size:
    """The parameters of a network without memory (torch's meta device), tied ones counted once."""
    with torch.device("meta"):
        network = from_config(config, name, "take a causal language model whose sizes fit together", trust_remote_code=remote_code)
    text = config.get_text_config(decoder=True)
    return Size(name, sum(p.numel() for p in network.parameters()), text.num_hidden_layers, text.hidden_size, dtype)
