"""Students with fresh weights: `new:llama` is any causal architecture of transformers, in sizes that the recipe sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from potstill.errors import ModelError, RecipeError
from potstill.models.tokenizers import first_line
from potstill.registry import did_you_mean


def new_network(
    model_type: str, settings: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase, *, seed: int, dtype: str
) -> PreTrainedModel:
    """A network with weights drawn from `seed`; its vocabulary and special tokens are the tokenizer's.

    Args:
        model_type: as transformers names it: `llama`, `qwen3`.
        settings: of its config, as `hidden_size`; what is not set has the library's default.
        tokenizer: that the network will read with.
        seed: of the weights.
        dtype: number type of the weights.

    Raises:
        ModelError: transformers has no causal language model of that type, or refuses the settings.
        RecipeError: a setting that the type does not have, or a vocabulary smaller than the tokenizer's.
    """
    config = new_config(model_type, settings, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return from_config(config, f"new:{model_type}", "see [student] config", dtype=getattr(torch, dtype))


def from_config(config: PreTrainedConfig, where: str, fix: str, kind: Any = AutoModelForCausalLM, **options: Any) -> PreTrainedModel:
    """transformers' network of that config.

    Args:
        config: of a model of that kind.
        where: of the error.
        fix: of the error.
        kind: transformers' automatic class: of language models, or of classifiers.
        options: as transformers takes them.

    Raises:
        ModelError: the settings do not fit together.
    """
    try:
        network: PreTrainedModel = kind.from_config(config, **options)
    except (ValueError, RuntimeError, KeyError, TypeError, AssertionError, ZeroDivisionError, StrictDataclassError) as error:
        raise ModelError(f"no network with these settings: {first_line(error)}", where=where, fix=fix) from error
    return network


def new_config(model_type: str, settings: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    """The config of `new_network`."""
    where = f"new:{model_type}"
    known_types = sorted(set(CONFIG_MAPPING.keys()).intersection(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES))
    if model_type not in known_types:
        near = did_you_mean(model_type, known_types)
        fix = near if near.startswith("did") else "use a model type of transformers, such as llama or qwen3"
        raise ModelError(f"transformers has no causal language model of type {model_type!r}", where=where, fix=fix)
    _check_names(settings, AutoConfig.for_model(model_type), where)
    if settings.get("vocab_size", len(tokenizer)) < len(tokenizer):
        raise RecipeError(f"vocab_size is below the tokenizer's {len(tokenizer)} tokens", where="student.config", fix="leave it out")
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    try:
        return AutoConfig.for_model(model_type, **{"vocab_size": len(tokenizer), **ids, **settings})
    except (ValueError, TypeError, StrictDataclassError) as error:
        raise ModelError(f"its config refuses the settings: {first_line(error)}", where=where, fix="see [student] config") from error


def _check_names(settings: Mapping[str, Any], default: PreTrainedConfig, where: str) -> None:
    """Configs take any name in silence; a misspelt one must not pass."""
    known = set(default.to_dict()) | set(type(default).attribute_map)
    for name in settings:
        if name not in known:
            raise RecipeError(f"{where} has no setting {name!r}", where="student.config", fix=did_you_mean(name, sorted(known)))
