"""Checkpoints: a folder that is whole or absent, with all that the loop needs to go on as if nothing had happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from potstill.store.atomic import whole_folder

STATE = "loop.json"


def save(accelerator: Accelerator, folder: Path, step: int, state: dict[str, Any]) -> None:
    """Write `step-XXXXXXXX/`, and drop the earlier checkpoint once the new one is on the disk.

    Args:
        folder: holds the checkpoints of one run.
        step: how many steps are done.
        state: the loop's own state, JSON.
    """
    if accelerator.num_processes > 1:
        raise NotImplementedError("checkpoints of several processes")
    folder.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder / f"step-{step:08d}") as half:
        accelerator.save_state(str(half))
        (half / STATE).write_text(json.dumps({"step": step, **state}))
    for older in _whole(folder)[:-1]:
        shutil.rmtree(older)


def load(accelerator: Accelerator, folder: Path) -> dict[str, Any] | None:
    """Restore the newest whole checkpoint and return the loop's state; None when there is none."""
    found = _whole(folder)
    if not found:
        return None
    accelerator.load_state(str(found[-1]))
    state: dict[str, Any] = json.loads((found[-1] / STATE).read_text())
    return state


def _whole(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"step-*/{STATE}"))
