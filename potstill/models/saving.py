"""Writing a network, and keeping transformers' bars of progress off the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import PreTrainedModel
from transformers.utils import logging


def save_network(network: PreTrainedModel, folder: Path) -> None:
    """Write config and weights, in safetensors."""
    with without_progress_bars():
        network.save_pretrained(folder)


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
