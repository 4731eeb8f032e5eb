from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.signal.codecs.base import open_codec


def test_a_codec_by_name():
    assert open_codec("top_k", 5).width(100) == 5
    with pytest.raises(RecipeError, match=r"teachers\.codec: unknown codec 'topk'; did you mean 'top_k'"):
        open_codec("topk", 5)
