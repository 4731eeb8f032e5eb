"""What every test has: annotations that are checked, one thread, no network, the shared data where they are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

import tests.annotations  # noqa: F401  named in the hook below

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

install_import_hook("potstill", "tests.annotations.checked")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of shared data; the test is skipped when it is not there."""
    folder = Path(os.environ.get("POTSTILL_DATA") or "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set POTSTILL_DATA")
    return folder.resolve()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """torch computes on one thread, so that tests side by side do not wait for each other and numbers are the same everywhere."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
