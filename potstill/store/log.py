"""Where a run tells what it does: a protocol of two methods, a silent log and a plain one."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Task(Protocol):
    """Something that takes a while."""

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """`n` more units are done; `fields` are the latest numbers worth showing (`loss=2.31`)."""


@runtime_checkable
class Log(Protocol):
    """Where a run tells what it does."""

    def say(self, text: str) -> None:
        """One line."""

    def task(self, name: str, total: int | None, unit: str) -> AbstractContextManager[Task]:
        """Something that takes a while: `total` units (None: unknown), done when the block ends."""


class Quiet:
    """A log that says nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    @contextmanager
    def task(self, name: str, total: int | None, unit: str) -> Iterator[Task]:
        """A task that shows nothing."""
        yield _Silent()


class _Silent:
    def advance(self, n: int = 1, **fields: float | str) -> None:
        """Nothing."""


class Text:
    """A log of plain lines on standard error.

    Args:
        every: seconds between two lines of a task.
    """

    def __init__(self, every: float = 10.0) -> None:
        self.every = every

    def say(self, text: str) -> None:
        """One line."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def task(self, name: str, total: int | None, unit: str) -> Iterator[Task]:
        """A task whose progress is a line now and then, and one at its end."""
        task = _Lines(self, name, total, unit)
        yield task
        task.tell()


class _Lines:
    def __init__(self, log: Text, name: str, total: int | None, unit: str) -> None:
        self.log, self.name, self.total, self.unit = log, name, total, unit
        self.done, self.fields = 0, dict[str, float | str]()
        self.started = self.told = time.monotonic()

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """Count, and tell when it is time."""
        self.done += n
        self.fields.update(fields)
        if time.monotonic() - self.told >= self.log.every:
            self.told = time.monotonic()
            self.tell()

    def tell(self) -> None:
        """One line: what, how far, how fast, the latest numbers."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        far = f"{self.done}/{self.total}" if self.total is not None else str(self.done)
        shown = [f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in self.fields.items()]
        self.log.say("  ".join([f"{self.name}: {far} {self.unit}", f"{self.done / seconds:.3g} {self.unit}/s", *shown]))
