"""How large a recipe's models are, from their configs: no weights are read, so a model of any size is looked at in no time."""

from __future__ import annotations

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

from potstill.check.estimate import Size
from potstill.errors import ModelError
from potstill.models import open_tokenizer, teacher_tokenizer
from potstill.models.hf import check_config, locate
from potstill.models.new import new_config
from potstill.models.world import TEACHERS
from potstill.recipe import Recipe, StudentSection, TeacherSection


def teacher_size(section: TeacherSection) -> Size:
    """A teacher's size; 0 parameters for one that is no network (a file of answers)."""
    kind, _, name = section.model.partition(":")
    if kind not in ("hf", "world"):
        return Size(section.model, 0)
    return _loaded_size(section, str(TEACHERS / name) if kind == "world" else name)


def student_size(recipe: Recipe) -> Size:
    """The student's size.

    Raises:
        ModelError, RecipeError: it cannot be found, or its settings cannot be used.
    """
    section = recipe.student
    kind, _, name = section.model.partition(":")
    if kind == "hf":
        return _loaded_size(section, name)
    tokenizer = open_tokenizer(section.tokenizer) if section.tokenizer else teacher_tokenizer(recipe.teachers[0])
    if tokenizer is None:
        raise ModelError("a new student needs a tokenizer, and its teacher has none", where="student", fix='set tokenizer = "hf:…"')
    return _size(section.model, new_config(name, section.config, tokenizer), section.dtype, False)


def _loaded_size(section: TeacherSection | StudentSection, name: str) -> Size:
    config = check_config(locate(name, section.revision), section.remote_code)
    return _size(section.model, config, section.dtype, section.remote_code)


def _size(name: str, config: PreTrainedConfig, dtype: str, remote_code: bool) -> Size:
    """The parameters of a network without memory (torch's meta device), tied ones counted once."""
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config, trust_remote_code=remote_code)
    text = config.get_text_config(decoder=True)
    return Size(name, sum(p.numel() for p in network.parameters()), text.num_hidden_layers, text.hidden_size, dtype)
