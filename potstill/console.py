"""What a person sees while a run goes on: a line a step, and bars with the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from potstill.store.log import Log, Quiet, Task, Text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def choose(*, quiet: bool = False) -> Log:
    """The log for standard error: bars in a terminal, plain lines elsewhere, nothing when `quiet`."""
    if quiet:
        return Quiet()
    return Console() if sys.stderr.isatty() else Text()


def clock(seconds: float) -> str:
    """`2:05`, or `1:02:05` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def figures(fields: dict[str, float | str]) -> str:
    """`loss 0.3142  tokens 51200`: four digits are enough for a number that changes."""
    return "  ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in fields.items())


class Console:
    """A log for a terminal. Tasks that run within one another share the live region below the lines."""

    def __init__(self) -> None:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[numbers]}", style="dim"),
            console=Terminal(stderr=True, highlight=False),
            refresh_per_second=4,
            transient=True,
        )
        self._open = 0

    def say(self, text: str) -> None:
        """One line; what stands before its colon is the stage."""
        stage, colon, rest = text.partition(": ")
        marked = f"[bold]{_plain(stage):<9}[/] {_plain(rest)}" if colon and " " not in stage else _plain(text)
        self._progress.console.print(marked, soft_wrap=True)

    @contextmanager
    def task(self, name: str, total: int | None, unit: str) -> Iterator[Task]:
        """A bar that goes when the block ends; a line stays in its place."""
        if not self._open:
            self._progress.start()
        self._open += 1
        task = _Bar(self._progress, name, total, unit)
        try:
            yield task
            self.say(f"{name}: {task.told()}")
        finally:
            self._progress.remove_task(task.id)
            self._open -= 1
            if not self._open:
                self._progress.stop()


class _Bar:
    def __init__(self, progress: Progress, name: str, total: int | None, unit: str) -> None:
        self.progress, self.unit, self.done = progress, unit, 0
        self.fields: dict[str, float | str] = {}
        self.started = time.monotonic()
        self.id: TaskID = progress.add_task(_plain(name), total=total, unit=unit, numbers="")

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """Move the bar, and show the latest numbers."""
        self.done += n
        self.fields.update(fields)
        self.progress.update(self.id, advance=n, numbers=_plain(figures(self.fields)))

    def told(self) -> str:
        """What stays when the bar goes: how much, how long, the last numbers."""
        seconds = time.monotonic() - self.started
        return "  ".join(part for part in (f"{self.done:,} {self.unit} in {clock(seconds)}", figures(self.fields)) if part)


def _plain(text: str) -> str:
    """Text whose square brackets are no markup."""
    from rich.markup import escape

    return escape(text)
