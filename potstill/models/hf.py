"""Models of transformers: a folder, or a repository on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.utils.hub import cached_file, extract_commit_hash

from potstill.errors import ModelError
from potstill.models.base import Options
from potstill.models.hub import weights_digests
from potstill.models.local import Loaded, LocalModel, ready
from potstill.models.quantization import quantization_config
from potstill.models.saving import without_progress_bars
from potstill.models.tokenizers import first_line, load_tokenizer, tokenizer_facts
from potstill.recipe.paths import VARIABLE, expand, is_path
from potstill.store.artifact import digest_file
from potstill.types import canonical_json

_WEIGHTS = "*.safetensors"
CONFIGS = ("config.json", "generation_config.json")
"""The files beside the weights that decide the answers; the second, which a folder may lack, names the end tokens."""
_REMOTE_FIX = "check the name and the network, or give a local folder (hf:./my-model)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is: a folder, or a repository at a fixed commit.

    Attributes:
        name: what transformers takes: the folder's path or the repository's id.
        revision: the commit; None for a folder.
    """

    name: str
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        """The folder; None on the hub."""
        return Path(self.name) if self.revision is None else None


def open_hf(name: str, options: Options) -> LocalModel:
    """A causal language model of transformers: `hf:FOLDER` or `hf:HUB-ID`; safetensors only.

    Raises:
        ModelError: there is no such folder or repository, no weights in safetensors, an unknown architecture, or a classifier.
    """
    place = locate(name, options.revision)
    if classifies(check_config(place, options.remote_code)):
        what, fix = "a sequence classifier, and a language model is needed", "use it as a teacher, or as a judge (reward:hf:PATH)"
        raise ModelError(what, where=f"hf:{name}", fix=fix)

    def facts() -> Mapping[str, str]:
        tokenizer = load_tokenizer(place.name, place.revision, remote_code=options.remote_code)
        return {**weights_facts(place, options.remote_code), **tokenizer_facts(tokenizer), **number_facts(options)}

    quantization_config(options.quantization, f"hf:{name}")
    return LocalModel(f"hf:{name}", lambda: load(place, options), facts, options.batch_size)


def number_facts(options: Options) -> dict[str, str]:
    """The number type that weights are loaded in, and how they are quantised then."""
    if not options.quantization:
        return {"dtype": options.dtype}
    settings = canonical_json(dict(options.quantization))
    return {"dtype": f"{options.dtype}, {options.quantization['quant_method']}", "quantization": settings}


def locate(name: str, revision: str | None = None) -> Place:
    """The folder `name`, or else the repository of that name on the hub with its revision resolved to a commit.

    Raises:
        ModelError: neither is there.
    """
    path = Path(expand(name))
    if path.is_dir():
        return Place(_checked(path))
    if path.exists() or is_path(name):
        fix = f"set {VARIABLE} to the folder of shared data" if VARIABLE in name else "check the path; it starts at the working directory"
        raise ModelError("no such folder" if not path.exists() else "not a folder", where=str(path), fix=fix)
    try:
        config = cached_file(name, "config.json", revision=revision)
    except (OSError, ValueError) as error:
        raise ModelError(f"not found on the hub, and no such folder: {first_line(error)}", where=name, fix=_REMOTE_FIX) from error
    return Place(name, extract_commit_hash(config, None) or revision or "main")


def _checked(folder: Path) -> str:
    """The folder's path; ModelError unless it holds a config and weights in safetensors."""
    if not (folder / "config.json").is_file():
        raise ModelError("the folder has no config.json", where=str(folder), fix="give a folder written by save_pretrained")
    if not any(folder.glob(_WEIGHTS)):
        others = [path.name for ending in ("*.bin", "*.pt", "*.pth", "*.gguf", "*.h5") for path in sorted(folder.glob(ending))]
        there = f"the folder has {others[0]} and no weights in safetensors" if others else "the folder has no weights (*.safetensors)"
        fix = "convert them: load them with transformers where you trust them, then save_pretrained" if others else "copy them into it"
        raise ModelError(there, where=str(folder), fix=fix)
    for path in sorted(folder.glob(_WEIGHTS)):
        _check_header(path)
    return str(folder)


def _check_header(path: Path) -> None:
    """The list of tensors at the head of a file, against the file's size; no tensor is read."""
    try:
        with safe_open(path, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(f"damaged weights: {first_line(error)}", where=str(path), fix="copy the file again") from error


def check_config(place: Place, remote_code: bool) -> PreTrainedConfig:
    """The model's config.

    Raises:
        ModelError: transformers knows no such architecture, or the file is damaged.
    """
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(place.name, revision=place.revision, trust_remote_code=remote_code)
    except (OSError, ValueError, KeyError, TypeError, StrictDataclassError) as error:
        fix = "use a model type that this version of transformers knows, or set remote_code with a pinned revision"
        raise ModelError(f"its config cannot be read: {first_line(error)}", where=place.name, fix=fix) from error
    return config


def classifies(config: PreTrainedConfig) -> bool:
    """Whether the model is a sequence classifier: its config says so of the weights."""
    return any(name.endswith("ForSequenceClassification") for name in config.architectures or ())


def weights_facts(place: Place, remote_code: bool = False) -> dict[str, str]:
    """What fixes weights and end tokens, and code where the model brings its own: SHA-256 of a folder's files; or repository and commit,
    with the digests that the hub has of the weights.
    """
    if place.folder is None:
        about = {"repository": place.name, "revision": str(place.revision)}
        return about | {f"weights {name}": value for name, value in weights_digests(place.name, str(place.revision)).items()}
    digests = {path.name: _digest_of_weights(path) for path in sorted(place.folder.glob(_WEIGHTS))}
    facts = {f"weights {name}": value for name, value in digests.items()}
    beside = [place.folder / name for name in CONFIGS] + (sorted(place.folder.glob("*.py")) if remote_code else [])
    return facts | {path.name.removesuffix(".json"): digest_file(path) for path in beside if path.is_file()}


def _digest_of_weights(path: Path) -> str:
    """SHA-256 of a file that may be large: several stages ask, and it is read once a process unless it has changed."""
    about = path.stat()
    return _digest(path, (about.st_ino, about.st_size, about.st_mtime_ns))


@cache
def _digest(path: Path, unchanged: tuple[int, ...]) -> str:
    """`unchanged` tells one state of the file from another."""
    return digest_file(path)


def load(place: Place, options: Options) -> Loaded:
    """The network, in evaluation mode on the compute device, with its tokenizer.

    Raises:
        ModelError: it cannot be read, or a weight is missing from its files.
    """
    tokenizer = load_tokenizer(place.name, place.revision, remote_code=options.remote_code)
    network = load_network(place, options)
    if network.config.pad_token_id is None:
        network.config.pad_token_id = tokenizer.pad_token_id
    return Loaded(ready(network), tokenizer)


def load_network(place: Place, options: Options, kind: Any = AutoModelForCausalLM) -> PreTrainedModel:
    """The network alone, on the CPU.

    Args:
        place: where it is.
        options: how it is opened.
        kind: transformers' automatic class: of language models, or of classifiers.

    Raises:
        ModelError: it cannot be read or quantised, or a weight is missing from its files.
    """
    given = quantization_config(options.quantization, place.name)
    quantised = {} if given is None else {"quantization_config": given}
    try:
        with without_progress_bars():
            loaded: Any = kind.from_pretrained(
                place.name,
                revision=place.revision,
                trust_remote_code=options.remote_code,
                dtype=getattr(torch, options.dtype),
                use_safetensors=True,
                output_loading_info=True,
                **quantised,
            )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        fix = "give a model whose files are whole"
        raise ModelError(f"cannot be loaded: {first_line(error)}", where=place.name, fix=fix) from error
    network: PreTrainedModel = loaded[0]
    if loaded[1]["missing_keys"]:
        missing = ", ".join(sorted(loaded[1]["missing_keys"])[:3])
        raise ModelError(f"weights are missing: {missing}", where=place.name, fix="give the folder of the whole model (not of an adapter)")
    return network
