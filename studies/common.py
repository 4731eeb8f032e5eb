"""What every study shares: the file of results."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from potstill.store.atomic import write_text
from potstill.store.environment import code_revision, environment

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "studies" / "results"


def keep(name: str, figures: dict[str, Any], *, seeds: Sequence[int], **details: Any) -> Path:
    """Write `studies/results/NAME.json`, or NAME.quick.json when `--quick` was asked for.

    Args:
        name: the study.
        figures: what is quoted elsewhere; it stands at the top.
        seeds: of everything random.
        details: how the figures came about.
    """
    path = RESULTS / f"{name}{'.quick' if '--quick' in sys.argv else ''}.json"
    origin = {
        "command": " ".join(["python", *map(_shown, sys.argv)]),
        "commit": revision(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seeds": list(seeds),
        "environment": environment(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({**figures, "details": details, "origin": origin}, indent=2, ensure_ascii=False) + "\n")
    print(path.relative_to(ROOT))
    return path


def revision() -> str:
    """The code's revision. Results that another study has just written do not make it another."""
    changed = subprocess.run(
        ["git", "-C", str(ROOT), "diff", "--name-only", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.split()
    found = code_revision()
    return found.removesuffix("-dirty") if all(name.startswith("studies/results/") for name in changed) else found


def _shown(word: str) -> str:
    path = Path(word).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) and path.exists() else word
