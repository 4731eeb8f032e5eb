"""Small networks with random weights, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from potstill.models.tokenizers import open_tokenizer
from potstill.types import Message, Prompt

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "eos_token_id": 4,
    "pad_token_id": 0,
}

SMALL_STATE = {"mamba_d_ssm": 16, "mamba_n_heads": 2, "mamba_d_head": 8, "mamba_d_state": 4, "mamba_chunk_size": 8}
"""Further sizes of networks with recurrent layers."""


def small_network(model_type: str = "llama", vocabulary: int = 640, **settings: Any) -> PreTrainedModel:
    """A network of two layers, the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model(model_type, **{**SIZES, "vocab_size": vocabulary, **settings})
        network: PreTrainedModel = AutoModelForCausalLM.from_config(config).eval()
    return network


def world_tokenizer() -> PreTrainedTokenizerBase:
    """The built-in world's tokenizer, with its chat template."""
    return open_tokenizer("world:a")


def write_model(folder: Path, **settings: Any) -> Path:
    """A small model with the world's tokenizer, as `save_pretrained` writes it."""
    small_network(**settings).save_pretrained(folder)
    world_tokenizer().save_pretrained(folder)
    return folder


def write_classifier(folder: Path, model_type: str = "llama", *, template: bool = True, **settings: Any) -> Path:
    """A small sequence classifier of three classes with the world's tokenizer, with or without its chat template."""
    labels = {"num_labels": 3, "id2label": {0: "bad", 1: "fair", 2: "good"}, "label2id": {"bad": 0, "fair": 1, "good": 2}}
    if "num_labels" in settings:
        labels = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model(model_type, **{**SIZES, "vocab_size": 640, **labels, **settings})
        AutoModelForSequenceClassification.from_config(config).eval().save_pretrained(folder)
    tokenizer = world_tokenizer()
    if not template:
        tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    return folder


def ask(text: str, **labels: Any) -> Prompt:
    """A prompt of one user turn."""
    return Prompt((Message("user", text),), **labels)
