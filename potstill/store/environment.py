"""What an artifact was made with: versions, machine, code revision. Nothing heavy is imported for it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "pyarrow", "numpy")
UNKNOWN = "unknown"


def environment() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on, platform, processors and threads."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()) if (torch := sys.modules.get("torch")) else os.environ.get("OMP_NUM_THREADS", "default"),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@cache
def code_revision() -> str:
    """The git revision of the code, with `-dirty` when a tracked file is changed; outside its repository, the package's version."""
    root = Path(__file__).resolve().parents[2]
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL)
            return done.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            pass  # no git, or no commit yet: the version says it
    return f"potstill {package_version()}" if package_version() != UNKNOWN else UNKNOWN


def package_version() -> str:
    """The package's version; `unknown` where it is not installed."""
    try:
        return version("potstill")
    except PackageNotFoundError:
        return UNKNOWN
