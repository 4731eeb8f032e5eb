"""The built-in world's own teachers, whose weights ship inside the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from potstill.errors import ModelError
from potstill.models.base import Options
from potstill.models.hf import Place, load_network, weights_facts
from potstill.models.local import Loaded, LocalModel, ready
from potstill.models.tokenizers import WORLD_FOLDERS, load_tokenizer, tokenizer_facts
from potstill.registry import did_you_mean, part
from potstill.world import VERSION
from potstill.world.tokenizer import DATA

TEACHERS = DATA / "teachers"
"""A folder a teacher: `config.json` and `model.safetensors` (bfloat16). They share the tokenizer `world:a`."""
TERMS = {"licence": "Apache-2.0", "train_on_outputs": "allowed"}
"""They are the package's own, made to be trained on."""
NAMES = ("base", "aligned", "math", "safety")


@part("model", "world", version=f"1+world:{VERSION}")
def open_world(name: str, options: Options) -> LocalModel:
    """A teacher of the built-in world: `world:base`, `world:aligned`, `world:math`, `world:safety`.

    Raises:
        ModelError: there is no such teacher, or its weights are not there.
    """
    if name not in NAMES:
        raise ModelError(f"unknown teacher {name!r}", where=f"world:{name}", fix=did_you_mean(name, list(NAMES)))
    folder = TEACHERS / name
    if not (folder / "model.safetensors").is_file():
        raise ModelError("its weights are not there", where=str(folder), fix=f"potstill world teach {name}")

    def facts() -> Mapping[str, str]:
        tokenizer = load_tokenizer(str(WORLD_FOLDERS["a"]))
        return {**weights_facts(Place(str(folder))), **tokenizer_facts(tokenizer), "dtype": options.dtype, **TERMS}

    return LocalModel(f"world:{name}", lambda: _load(folder, options), facts, options.batch_size)


def _load(folder: Path, options: Options) -> Loaded:
    network = load_network(Place(str(folder)), replace(options, remote_code=False))
    return Loaded(ready(network), load_tokenizer(str(WORLD_FOLDERS["a"])))
