"""llama.cpp's own server, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studies.llama_server import llama_server as server


@contextmanager
def llama_server(model: Path, *, exact: bool = False, context: int = 512) -> Iterator[str]:
    """As the studies', where its package is installed; the test is skipped where it is not."""
    pytest.importorskip("xllamacpp", reason="needs the extra gguf")
    with server(model, exact=exact, context=context) as address:
        yield address
