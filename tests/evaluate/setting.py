"""What the tests of evaluation and export share: tiny untrained models, scripted ones, and runs around them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from potstill import world
from potstill.evaluate.engine import Engine
from potstill.evaluate.pieces import Pieces
from potstill.evaluate.subjects import NAMES, Subject
from potstill.models.fake import FakeTeacher
from potstill.models.local import LocalModel
from potstill.models.tokenizers import open_tokenizer
from potstill.recipe import Recipe, parse
from potstill.store import Artifact, Quiet, Run, Workspace, from_rows
from potstill.types import Message, Prompt

NETWORK: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
    "tie_word_embeddings": True,
}


def tokenizer() -> PreTrainedTokenizerBase:
    return open_tokenizer("world:a")


def network(seed: int, vocabulary: int = 640, **changed: Any) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, eos_token_id=4, pad_token_id=0, **{**NETWORK, **changed})).eval()


def model(seed: int, **changed: Any) -> LocalModel:
    return LocalModel.of(network(seed, **changed), tokenizer(), f"tiny-{seed}")


def saved(folder: Path, seed: int, **changed: Any) -> Path:
    network(seed, **changed).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def question(text: str, **known: Any) -> Prompt:
    return Prompt((Message("user", text),), **known)


def plain(text: str) -> Prompt:
    return Prompt((), reference=text)


def scripted(answers: Mapping[str, Mapping[str, str]], prompts: Sequence[Prompt], folder: Path, max_new_tokens: int = 200) -> Engine:
    """An engine whose subjects give these answers: subject -> question -> text."""
    subjects = {name: Subject.of(name, FakeTeacher(answers[name], name, frozenset({"text"}))) for name in NAMES}
    return Engine(subjects, prompts, Pieces(folder, 4, Quiet()), max_new_tokens)


def local(models: Mapping[str, LocalModel], prompts: Sequence[Prompt], folder: Path, max_new_tokens: int = 12) -> Engine:
    """An engine over networks: subject -> model."""
    return Engine({name: Subject.of(name, models[name]) for name in NAMES}, prompts, Pieces(folder, 4, Quiet()), max_new_tokens)


def recipe(teacher: str, extra: str = "") -> Recipe:
    """A recipe with that teacher and a fresh student of the tests' size; `extra` is TOML that follows."""
    config = ", ".join(f"{key} = {json.dumps(value)}" for key, value in NETWORK.items())
    return parse(
        f"""
        name = "test"
        [student]
        model = "new:llama"
        tokenizer = "world:a"
        config = {{{config}}}
        [[teachers]]
        model = "{teacher}"
        top_k = 1
        [prompts]
        sources = ["world:carry_addition?n=4"]
        {extra}
        """
    )


def run(tmp: Path, recipe: Recipe, prompts: Sequence[Prompt], student: Path) -> tuple[Run, Artifact]:
    """A run whose prompts are gathered and whose student, a copy of the folder, is trained."""
    opened = Run.open(recipe, out=tmp / "run", log=Quiet())

    def gather(workspace: Workspace) -> dict[str, Any]:
        for name in ("prompts", "evaluation"):
            workspace.write_table(name, from_rows(prompts, Prompt))
        return {}

    def train(workspace: Workspace) -> dict[str, Any]:
        with workspace.write_folder("student") as half:
            for file in student.iterdir():
                (half / file.name).write_bytes(file.read_bytes())
        return {}

    gathered = opened.perform("prompts", section={"ids": [prompt.id for prompt in prompts]}, inputs={}, parts={}, work=gather)
    return opened, opened.perform("train", section={}, inputs={"prompts": gathered}, parts={}, work=train)


def items(*skills: str, n: int = 4, seed: int = 0) -> list[Prompt]:
    """`n` held-out prompts of each skill of the world."""
    return world.prompts(list(skills), n * len(skills), seed, held=True)
