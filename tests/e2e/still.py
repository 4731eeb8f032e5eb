"""The command line in processes of their own, that can be interrupted and killed. They fork from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

TINY = Path(__file__).with_name("tiny.toml")
HEAVY = [f"potstill.{name}" for name in ("cli", "prompts", "generate", "filter", "train", "evaluate", "export", "report", "check")]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(HEAVY)


def start(words: list[str], folder: Path) -> BaseProcess:
    """`potstill` with these words, in `folder`; what it prints goes to the files `out` and `err` there."""
    process = _context.Process(target=_command, args=(words, folder))
    process.start()
    return process


def finish(words: list[str], folder: Path) -> int:
    """As `start`; waits, and returns the exit code."""
    process = start(words, folder)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def told(folder: Path, name: str = "err") -> str:
    """What the last process printed in `folder`."""
    return (folder / name).read_text(encoding="utf-8")


def _command(words: list[str], folder: Path) -> None:
    os.chdir(folder)
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    import torch

    from potstill.cli import main

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
    sys.exit(main(words))
