"""Writing a network and a tokenizer, and keeping transformers' bars of progress off the console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

OF_THE_MACHINE = ("local_files_only", "is_local")
"""Settings of a loading (was the hub allowed, was it a folder) that transformers writes among the tokenizer's own."""


def save_network(network: PreTrainedModel, folder: Path) -> None:
    """Write config and weights, in safetensors."""
    with without_progress_bars():
        network.save_pretrained(folder)


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a tokenizer's files, without what its loading noted of the machine: the same tokenizer gives the same files anywhere."""
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in config.items() if key not in OF_THE_MACHINE}
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """transformers shows none for the block."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
