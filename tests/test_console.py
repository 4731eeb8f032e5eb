"""The log for a terminal."""

from __future__ import annotations

import io

import pytest

from potstill import console
from potstill.console import Console, choose, clock, figures
from potstill.store.log import Log, Quiet, Text


def test_the_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 125, 3725)] == ["0:00", "1:00", "2:05", "1:02:05"]


def test_figures_have_four_digits() -> None:
    assert figures({"loss": 0.314159, "tokens": 51200, "what": "x"}) == "loss 0.3142  tokens 51200  what x"


def test_the_log_follows_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(choose(quiet=True), Quiet)
    monkeypatch.setattr(console.sys, "stderr", io.StringIO())
    assert isinstance(choose(), Text)
    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(choose(), Console)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> tuple[Console, io.StringIO]:
    """A console that writes to a string as if that were a terminal."""
    stream = io.StringIO()
    log = Console()
    log._progress.console.file = stream
    log._progress.console._force_terminal = True
    return log, stream


def test_lines_and_what_is_left_of_a_bar(terminal: tuple[Console, io.StringIO]) -> None:
    log, stream = terminal
    assert isinstance(log, Log)
    log.say("filter: 3 keep [1 hazard]")
    with log.task("train", 2, "steps") as task:
        task.advance(1, loss=0.5)
        with log.task("validation", None, "texts") as inner:
            inner.advance(7)
        task.advance(1, loss=0.25)
    text = stream.getvalue()
    assert "3 keep [1 hazard]" in text
    assert "2 steps in 0:00  loss 0.25" in text
    assert "7 texts in 0:00" in text


def test_a_failure_takes_the_bar_away(terminal: tuple[Console, io.StringIO]) -> None:
    log, stream = terminal
    with pytest.raises(KeyboardInterrupt), log.task("train", 2, "steps"):
        raise KeyboardInterrupt
    assert "steps in" not in stream.getvalue()
    assert not log._progress.live.is_started
    assert not log._progress.tasks
