"""Checkpoints: a folder that is whole or absent, with all that the loop needs to go on as if nothing had happened."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from potstill.errors import StoreError
from potstill.store.atomic import whole_folder

STATE = "loop.json"


def save(accelerator: Accelerator, folder: Path, step: int, state: dict[str, Any]) -> None:
    """Write `step-XXXXXXXX/`, and drop the earlier checkpoint once the new one is on the disk.

    Every process calls it: the main one writes weights, optimizer and state, each its own random numbers.

    Args:
        accelerator: holds network and optimizer.
        folder: holds the checkpoints of one run; the processes share it.
        step: how many steps are done.
        state: the loop's own state, JSON.
    """
    with _whole_folder(accelerator, folder / f"step-{step:08d}") as half:
        hook = accelerator.register_save_state_pre_hook(_drop_shared)
        accelerator.save_state(str(half))
        hook.remove()
        if accelerator.is_main_process:
            (half / STATE).write_text(json.dumps({"step": step, "processes": accelerator.num_processes, **state}))
    if accelerator.is_main_process:
        for older in _whole(folder)[:-1]:
            shutil.rmtree(older)


def load(accelerator: Accelerator, folder: Path) -> dict[str, Any] | None:
    """Restore the newest whole checkpoint and return the loop's state; None when there is none.

    Raises:
        StoreError: it is of another number of processes.
    """
    found = _whole(folder)
    if not found:
        return None
    state: dict[str, Any] = json.loads((found[-1] / STATE).read_text())
    if state["processes"] != accelerator.num_processes:
        raise StoreError(
            f"the checkpoint is of {state['processes']} processes, not {accelerator.num_processes}",
            where=str(found[-1]),
            fix="go on with as many, or remove it and begin anew",
        )
    accelerator.load_state(str(found[-1]))
    return state


def _whole(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"step-*/{STATE}"))


@contextmanager
def _whole_folder(accelerator: Accelerator, path: Path) -> Iterator[Path]:
    """`whole_folder` for several processes: the main one makes it and gives it its name; all wait for that, before and after."""
    with ExitStack() as stack:
        made = stack.enter_context(whole_folder(path)) if accelerator.is_main_process else None
        half: Path = broadcast_object_list([made])[0]
        yield half
        accelerator.wait_for_everyone()
    accelerator.wait_for_everyone()


def _drop_shared(models: list[nn.Module], weights: list[dict[str, Tensor]], output_dir: str) -> None:
    """Leave one name to a tensor that has several (tied embeddings): safetensors stores it once, and loading gives it to all."""
    for state in weights:
        seen: set[tuple[int, torch.Size]] = set()
        for name, tensor in list(state.items()):
            place = (tensor.data_ptr(), tensor.shape)
            if tensor.numel() and place in seen:
                del state[name]
            seen.add(place)
