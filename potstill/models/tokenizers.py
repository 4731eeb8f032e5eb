"""Tokenizers by name, and what tells one from another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from potstill.errors import ModelError
from potstill.recipe.paths import expand, is_path
from potstill.world.tokenizer import DATA as WORLD
from potstill.world.tokenizer import FIRST, SECOND

WORLD_FOLDERS = {"a": WORLD / FIRST.folder, "b": WORLD / SECOND.folder}
"""The built-in world's tokenizers: `world:a`, which its teachers speak, and `world:b`."""


def open_tokenizer(spec: str, revision: str | None = None, *, remote_code: bool = False) -> PreTrainedTokenizerBase:
    """The tokenizer `hf:FOLDER`, `hf:HUB-ID`, `world:a` or `world:b`.

    Raises:
        ModelError: there is none of that name, or it cannot be read.
    """
    kind, _, name = spec.partition(":")
    if kind == "world" and name in WORLD_FOLDERS:
        return load_tokenizer(str(WORLD_FOLDERS[name]))
    if kind != "hf" or not name:
        raise ModelError("unknown tokenizer", where=spec, fix="one of: hf:FOLDER, hf:HUB-ID, world:a, world:b")
    return load_tokenizer(expand(name), revision, remote_code=remote_code)


def load_tokenizer(name: str, revision: str | None = None, *, remote_code: bool = False) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder or on the hub, with a padding token (EOS, else the unknown token, where it has none of its own).

    Raises:
        ModelError: it cannot be read.
    """
    folder = Path(name)
    if is_path(name) and not folder.is_dir():
        raise ModelError("no such folder", where=name, fix="check the path; it starts at the working directory")
    if folder.is_dir() and not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer_config.json", "tokenizer.model")):
        fix = "copy the tokenizer's files (tokenizer.json, tokenizer_config.json) into it"
        raise ModelError("the folder has no tokenizer", where=name, fix=fix)
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=remote_code)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"its tokenizer cannot be read: {first_line(error)}"
        raise ModelError(what, where=name, fix="check the name and the network, or give a folder with a tokenizer.json") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def first_line(error: BaseException) -> str:
    """The first line of an error's text (libraries write paragraphs); of its cause's, where the first line only announces that."""
    if str(error).partition("\n")[0].endswith(":") and error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def tokenizer_facts(tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Digests of what decides the ids of a text (pieces, rules, special tokens) and of the chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = backend.to_str() if backend is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    special = json.dumps([tokenizer.bos_token, tokenizer.eos_token, tokenizer.chat_template], ensure_ascii=False)
    facts = {"tokenizer": hashlib.sha256(rules.encode()).hexdigest(), "special_tokens": hashlib.sha256(special.encode()).hexdigest()}
    if tokenizer.chat_template:
        facts["chat_template"] = hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()
    return facts
