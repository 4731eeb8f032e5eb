"""What tests do in processes of their own: be killed, or train together. The processes are forked from one that has imported everything."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from potstill.fit import Batch, Term
from tests.fit import small

STOPPED = 7
"""The exit code of a process that was told to stop."""


def run_each(target: Callable[..., None], arguments: Sequence[tuple[Any, ...]], seconds: float = 120.0) -> list[int | None]:
    """The exit codes of processes run side by side, one for each tuple of arguments."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.fit.children"])
    children = [context.Process(target=target, args=given) for given in arguments]
    for child in children:
        child.start()
    for child in children:
        child.join(seconds)
        child.kill()
        child.join()
    return [child.exitcode for child in children]


def killed(folder: Path, steps: int, at: int) -> None:
    """Train, and die without warning in the middle of a step."""
    torch.set_num_threads(1)
    small.train(folder, steps, goal=_until(at, lambda: os.kill(os.getpid(), signal.SIGKILL)))


def together(rank: int, port: int, folder: Path, steps: int, stop_at: int | None) -> None:
    """One of two processes that train one student; each keeps the weights that it ends with, or stops before a step."""
    torch.set_num_threads(1)
    places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in places.items()})
    os.environ.update(MASTER_ADDR="127.0.0.1", ACCELERATE_USE_CPU="true")
    goal = small.objective if stop_at is None else _until(stop_at, lambda: sys.exit(STOPPED))
    student, _ = small.train(folder, steps, batches=small.source(rows=2, accumulate=2), goal=goal)
    save_file({name: p.detach() for name, p in student.named_parameters()}, folder / f"weights-{rank}.safetensors")


def _until(last: int, end: Callable[[], None]) -> Callable[[Batch], list[Term]]:
    """The objective, that comes to its end when it is asked for the `last` time."""
    calls = count(1)

    def goal(batch: Batch) -> list[Term]:
        if next(calls) == last:
            end()
        return small.objective(batch)

    return goal


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
