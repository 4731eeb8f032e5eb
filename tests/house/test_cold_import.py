"""Importing potstill, and asking its command line for help, brings in nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house import tree

HEAVY = {"accelerate", "datasets", "numpy", "pandas", "pyarrow", "safetensors", "tokenizers", "torch", "transformers"}
HELP = "import sys; sys.argv = ['potstill', '--help']\nfrom potstill.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"


def brought_in(code: str, watched: set[str] = HEAVY) -> set[str]:
    """The packages watched for that a fresh interpreter holds after running `code`."""
    report = f"{code}\nimport sys\nprint('\\n' + ' '.join(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, cwd=tree.ROOT, check=True)
    return watched & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "module", ["potstill", "potstill.errors", "potstill.types", "potstill.registry", "potstill.recipe", "potstill.cli"]
)
def test_imports_are_light(module: str) -> None:
    if module not in tree.modules():
        pytest.skip(f"{module} is not written yet")
    assert brought_in(f"import {module}") == set()


def test_help_is_light() -> None:
    if "potstill.cli" not in tree.modules():
        pytest.skip("potstill.cli is not written yet")
    assert brought_in(HELP, HEAVY | {"email"}) == set()  # `email` comes with importlib.metadata, and takes a tenth of the time


def test_the_store_needs_tables_but_no_models() -> None:
    assert brought_in("import potstill.store") <= {"pyarrow", "numpy", "pandas"}


def test_a_heavy_import_is_seen() -> None:
    assert "numpy" in brought_in("import numpy")
