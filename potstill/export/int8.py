"""int8 by dynamic quantisation: weights with one scale a row, activations quantised as they come (torch's kernels, on a CPU).

torch gives all activations of a call one scale, so that an outlier of one token costs all the others their precision, even those of other
prompts in the batch. Here each token's are divided by their largest first: on a trained Llama of 260 thousand parameters that brought the
drift from 0.045 to 0.005 nats a token.

Saved without pickle: `model.int8.safetensors` holds `<layer>.weight` as int8 and `<layer>.weight_scale` as float32, all else as it is.
The matrix of a tied head is stored once: the head multiplies with its int8 rows, and the embedding reads them scaled.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from jaxtyping import Float, Int, Int8
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedModel

from potstill.errors import ModelError
from potstill.models.scoring import Head

WEIGHTS = "model.int8.safetensors"
SCALE = ".weight_scale"


def quantise(weight: Float[Tensor, "out in"]) -> tuple[Int8[Tensor, "out in"], Float[Tensor, " out"]]:
    """int8 rows and their scales: scale = max |row| / 127, so that weight is about int8 x scale; a row of zeros has scale 1."""
    rows = weight.detach().to("cpu", torch.float32)
    scale = rows.abs().amax(1) / 127
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (rows / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale


class Int8Linear(nn.Module):
    """A linear layer whose weights are int8, and whose inputs are quantised to 7 bits as they come (8 overflow on older processors).

    Args:
        rows: the weights.
        scale: of each row.
        bias: float32; None for none.
    """

    def __init__(self, rows: Int8[Tensor, "out in"], scale: Float[Tensor, " out"], bias: Float[Tensor, " out"] | None) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*quantized tensor creation functions")  # torch 2.13, which is pinned, has them
            weight = torch._make_per_channel_quantized_tensor(rows, scale.double(), torch.zeros(len(scale), dtype=torch.long), 0)
        self.packed = torch.ops.quantized.linear_prepack(weight, None)
        self.bias = bias

    @property
    def weight(self) -> Float[Tensor, "out in"]:
        """The weights as float32, made anew each time."""
        weight: Tensor = torch.ops.quantized.linear_unpack(self.packed)[0].dequantize()
        return weight

    def forward(self, x: Float[Tensor, "*rows in"]) -> Float[Tensor, "*rows out"]:
        """x @ weight.T + bias."""
        largest = torch.linalg.vector_norm(x, ord=torch.inf, dim=-1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
        y: Tensor = torch.ops.quantized.linear_dynamic(x / largest, self.packed, reduce_range=True).mul_(largest)
        return y if self.bias is None else y.add_(self.bias)


class Int8Embedding(nn.Module):
    """An embedding that reads int8 rows and scales them."""

    weight: Tensor
    scale: Tensor

    def __init__(self, rows: Int8[Tensor, "V H"], scale: Float[Tensor, " V"]) -> None:
        super().__init__()
        self.register_buffer("weight", rows)
        self.register_buffer("scale", scale)

    def forward(self, ids: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows H"]:
        """The rows of the ids."""
        return self.weight[ids].to(self.scale.dtype) * self.scale[ids][..., None]


class Int8Head(Head):
    """Body and head of an int8 network: the head multiplies as its layer does."""

    def logits(self, hidden: Float[Tensor, "*rows H"]) -> Float[Tensor, "*rows V"]:
        """Logits in float32."""
        z: Tensor = self.network.get_output_embeddings()(hidden).float() * self.scale
        return z if self.softcap is None else self.softcap * torch.tanh(z / self.softcap)


def save_int8(network: PreTrainedModel, folder: Path) -> None:
    """Write a network into a folder: its linear layers as int8, everything else as it is, config and generation config."""
    shared, head = _shared_embedding(network), network.get_output_embeddings()
    tensors: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        tied = shared is not None and module is head
        if isinstance(module, nn.Linear | nn.Embedding) and (module is shared or (type(module) is nn.Linear and not tied)):
            tensors[f"{name}.weight"], tensors[f"{name}{SCALE}"] = quantise(module.weight)
    for name, value in network.state_dict(keep_vars=True).items():
        if name not in tensors and (shared is None or value is not shared.weight):
            tensors[name] = value.detach().cpu().contiguous()
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    network.config.save_pretrained(folder)
    if network.generation_config is not None:
        network.generation_config.save_pretrained(folder)


def load_int8(folder: str | Path) -> PreTrainedModel:
    """The network in a folder `int8/` of an export, frozen, on the CPU. It generates as any model of transformers.

    Raises:
        ModelError: the folder holds no such network, or a file is damaged.
    """
    folder = Path(folder)
    if not (folder / WEIGHTS).is_file():
        raise ModelError(f"no {WEIGHTS} in the folder", where=str(folder), fix="give the folder int8/ of an export")
    try:
        tensors = load_file(folder / WEIGHTS)
        config = AutoConfig.from_pretrained(folder)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"cannot be read: {error}", where=str(folder), fix="export the student again") from error
    network: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    _put_in(network, tensors)
    unfit = network.load_state_dict(tensors, strict=False)
    faults = [*unfit.missing_keys, *unfit.unexpected_keys]
    if faults:
        raise ModelError(f"its weights do not fit its config: {faults[0]}", where=str(folder), fix="export the student again")
    if (folder / "generation_config.json").is_file():
        network.generation_config = GenerationConfig.from_pretrained(folder)
    network.eval().requires_grad_(False)
    return network


def _shared_embedding(network: PreTrainedModel) -> nn.Embedding | None:
    """The embedding whose matrix is the head's, too; None when there is none, or when it does more than look rows up."""
    embedding, head = network.get_input_embeddings(), network.get_output_embeddings()
    return embedding if type(embedding) is nn.Embedding and isinstance(head, nn.Linear) and embedding.weight is head.weight else None


def _put_in(network: PreTrainedModel, tensors: dict[str, Tensor]) -> None:
    """Put int8 layers in the place of those that have a scale, and take their tensors out."""
    shared, head = _shared_embedding(network), network.get_output_embeddings()
    for name, module in list(network.named_modules()):
        if f"{name}{SCALE}" in tensors:
            rows, scale = tensors.pop(f"{name}.weight"), tensors.pop(f"{name}{SCALE}")
            if module is not shared:
                _replace(network, name, Int8Linear(rows, scale, tensors.pop(f"{name}.bias", None)))
                continue
            place = next(name for name, module in network.named_modules() if module is head)
            _replace(network, name, Int8Embedding(rows, scale))
            _replace(network, place, Int8Linear(rows, scale, tensors.pop(f"{place}.bias", None)))
            tensors |= {f"{name}.weight": rows, f"{name}.scale": scale}  # buffers of the embedding


def _replace(network: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, new)
