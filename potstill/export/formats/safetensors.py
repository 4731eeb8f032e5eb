"""Plain safetensors: a folder that transformers loads with nothing else."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from transformers import AutoConfig

from potstill.models import LocalModel, Options
from potstill.models.hf import open_hf
from potstill.models.saving import save_network
from potstill.models.scoring import Head
from potstill.registry import part


@part("format", "safetensors")
class Safetensors:
    """A folder that plain transformers loads; `safetensors:bfloat16` and `:float16` at half the size."""

    variants: tuple[str, ...] = ("", "bfloat16", "float16")
    loader_import = "from transformers import AutoModelForCausalLM"
    loader = 'AutoModelForCausalLM.from_pretrained(".")'

    def write(self, model: LocalModel, folder: Path, variant: str) -> None:
        """Write the weights in the variant's number type; without one, in the student's own."""
        network = copy.deepcopy(model.network).to(getattr(torch, variant)) if variant else model.network
        save_network(network, folder)

    def open(self, folder: Path, model: LocalModel) -> Head:
        """The network in the folder, in the number type of its files."""
        dtype = str(AutoConfig.from_pretrained(folder).dtype).removeprefix("torch.")
        return open_hf(str(folder), Options(dtype=dtype)).head
