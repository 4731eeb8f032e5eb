"""A small still for the store's tests: two stages that write files of every sort, and the ways to break it off.

As a script, `python still.py kill|crash FOLDER SEED`, it runs the still in children that end in the middle, and reports what came out.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from potstill.recipe import Recipe, parse
from potstill.store import Artifact, Quiet, Run, Workspace, from_rows
from potstill.store.environment import code_revision
from potstill.types import Message, Prompt

SHARDS = 2
TEXT = 'name = "still"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "world:base"\n[prompts]\nsources = ["a.jsonl"]\n'


def recipe(*overrides: str) -> Recipe:
    return parse(TEXT, overrides=overrides)


def gather(workspace: Workspace) -> dict[str, Any]:
    workspace.write_table("prompts", from_rows([Prompt((Message("user", f"{i}?"),)) for i in range(10)], Prompt))
    return {"prompts": 10}


def draw(workspace: Workspace) -> dict[str, Any]:
    for shard in range(SHARDS):
        if not workspace.has_table("traces", shard):
            seed = random.Random(shard)
            workspace.write_table("traces", pa.table({"shard": [shard] * 50, "x": [seed.random() for _ in range(50)]}), shard)
            (workspace.scratch / "checkpoint").write_text(str(shard))
        (workspace.log / "seconds.txt").write_text(str(time.time()))
    if not workspace.has("student"):
        with workspace.write_folder("student") as folder:
            (folder / "weights").write_bytes(bytes(1000))
            (folder / "deeper").mkdir()
            (folder / "deeper" / "tokenizer.json").write_text("{}")
    workspace.write_json("scorecard.json", {"missed": []})
    return {"traces": workspace.table("traces").num_rows}


def distil(folder: Path, *overrides: str, draw: Callable[[Workspace], dict[str, Any]] = draw, **options: Any) -> Artifact:
    """The whole still; the last artifact."""
    run = Run.open(recipe(*overrides), out=folder, log=Quiet(), **options)
    with run.locked():
        prompts = run.perform("prompts", section=run.recipe.prompts, inputs={}, parts={"source": "1"}, work=gather)
        return run.perform("generate", section=run.recipe.generate, inputs={"prompts": prompts}, parts={"teacher": "1"}, work=draw)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class Heard(Quiet):
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def writes(text: str) -> Callable[[Workspace], dict[str, Any]]:
    def work(workspace: Workspace) -> dict[str, Any]:
        workspace.write_text("a.txt", text)
        return {"letters": len(text)}

    return work


def never(workspace: Workspace) -> dict[str, Any]:
    raise AssertionError("this work must not be done")


def perform(run: Run, stage: str, work: Callable[[Workspace], dict[str, Any]], **changes: Any) -> Artifact:
    return run.perform(stage, **{"section": {"n": 1}, "inputs": {}, "parts": {"p": "1"}, "work": work, **changes})


def child(work: Callable[[], Any]) -> int:
    """Run `work` in a forked process; its process id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    return pid


def ending(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def through(work: Callable[[], Any], seed: int, growth: float, patience: float = 0.02) -> int:
    """Do the work in children that are killed at random moments, later and later, until one gets through; how many were killed."""
    chance, kills = random.Random(seed), 0
    while True:
        pid = child(work)
        time.sleep(chance.uniform(0.0, patience * growth**kills))
        os.kill(pid, signal.SIGKILL)
        code = ending(pid)
        if code == 0:
            return kills
        assert code == -signal.SIGKILL, code
        kills += 1


def killed(folder: Path, seed: random.Random) -> dict[str, Any]:
    """Kill the still at random moments, later and later, until it gets through."""
    kills = 0
    while True:
        pid = child(lambda: distil(folder))
        time.sleep(seed.uniform(0.0, 0.02 * 1.3**kills))
        os.kill(pid, signal.SIGKILL)
        code = ending(pid)
        if code == 0:
            return {"kills": kills, "files": files(folder), "content": distil(folder).content}
        assert code == -signal.SIGKILL, code
        kills += 1


def crash_at(nth: int) -> None:
    """Make the process end just before the nth system call that makes something last."""
    left = [nth]
    for name in ("fsync", "replace", "rename", "mkdir", "rmdir"):
        real = getattr(os, name)

        def counted(*arguments: Any, _real: Callable[..., Any] = real, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return _real(*arguments, **options)

        setattr(os, name, counted)


def crashed(folder: Path) -> dict[str, Any]:
    """End the still before every such call, each time in a fresh folder, then run it again undisturbed."""
    outcomes = set()
    for nth in range(1000):
        place = folder / str(nth)

        def broken(place: Path = place, nth: int = nth) -> None:
            crash_at(nth)
            distil(place)

        code = ending(child(broken))
        assert code in (0, 9), code
        outcomes.add((distil(place).content, *files(place)))
        if code == 0:
            return {"points": nth, "outcomes": sorted(outcomes)}
    raise AssertionError("the still never got through")


if __name__ == "__main__":
    os.fsync = lambda handle: None  # a killed process loses nothing that it wrote; the disk's own delay is no matter here
    code_revision()  # asks git once, for all children
    how, where = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(killed(where, random.Random(int(sys.argv[3]))) if how == "kill" else crashed(where)))
