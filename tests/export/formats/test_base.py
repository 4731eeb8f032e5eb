from __future__ import annotations

import pytest

from potstill import registry
from potstill.errors import RecipeError
from potstill.export.formats.base import read_format


def test_a_format_and_its_variant() -> None:
    assert read_format("int8").folder == "int8"
    half = read_format("safetensors:bfloat16")
    assert (half.variant, half.folder) == ("bfloat16", "safetensors-bfloat16")
    assert registry.names("format") == ["int8", "safetensors"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("safetensor", r"export.formats.0: unknown format 'safetensor'; did you mean 'safetensors'\?"),
        ("safetensors:bf16", r"the format 'safetensors' has no variant 'bf16'; did you mean 'bfloat16'"),
        ("int8:fast", "the format 'int8' has no variant 'fast'; write 'int8' alone"),
    ],
)
def test_others_are_refused(spec: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_format(spec, "export.formats.0")
