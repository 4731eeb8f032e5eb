"""Quantised teachers: the settings of a recipe as one of transformers' own quantisation configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING, AutoHfQuantizer, AutoQuantizationConfig

from potstill.errors import ModelError
from potstill.models.tokenizers import first_line
from potstill.registry import did_you_mean

METHOD = "quant_method"
BITSANDBYTES = "bitsandbytes"
"""Transformers has two methods of this name, told apart by `load_in_4bit` and `load_in_8bit`."""

INSTALL = {"torchao": "pip install 'potstill[quant]' -c constraints.txt"}
"""Methods whose package is one of our extras."""


def quantization_config(settings: Mapping[str, Any], where: str) -> Any | None:
    """The config for `from_pretrained`; None where nothing is to be quantised.

    Args:
        settings: as in a recipe: `quant_method`, and what that method takes.
        where: the model, for errors.

    Raises:
        ModelError: no such method, settings that it does not take, or its package is not there or cannot run here.
    """
    if not settings:
        return None
    known = sorted({name.split("_")[0] if name.startswith(BITSANDBYTES) else name for name in AUTO_QUANTIZATION_CONFIG_MAPPING})
    method = settings.get(METHOD)
    if method not in known:
        what = "quantization names no quant_method" if method is None else f"unknown quant_method {method!r}"
        raise ModelError(what, where=where, fix=did_you_mean(str(method), known))
    try:
        config = AutoQuantizationConfig.from_dict(dict(settings))
        AutoHfQuantizer.from_config(config, pre_quantized=False).validate_environment(device_map=None, weights_only=True)
    except ImportError as error:
        raise ModelError(
            f"{method} cannot be used here: {first_line(error)}", where=where, fix=INSTALL.get(method, "install its package")
        ) from error
    except (ValueError, TypeError, KeyError, AssertionError, AttributeError, RuntimeError) as error:
        what = f"{method} refuses these settings: {first_line(error)}"
        raise ModelError(what, where=where, fix="give those of its config in transformers (`to_dict` shows them)") from error
    return config
