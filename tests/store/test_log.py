from __future__ import annotations

import time

import pytest

from potstill.store import Log, Quiet, Task, Text


@pytest.mark.parametrize("log", [Quiet(), Text()])
def test_both_are_logs(log: object) -> None:
    assert isinstance(log, Log)
    with log.task("draw", 2, "prompts") as task:
        assert isinstance(task, Task)
        task.advance(2, loss=1.0)


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    Quiet().say("hello")
    with Quiet().task("draw", None, "prompts") as task:
        task.advance()
    assert capfd.readouterr() == ("", "")


def test_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Text().say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_a_task_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Text(every=10).task("train", 40, "steps") as task:
        for _ in range(40):
            now[0] += 0.5
            task.advance(loss=2.345678, phase="warm")
    assert capsys.readouterr().err.splitlines() == [
        "train: 20/40 steps  2 steps/s  loss 2.346  phase warm",
        "train: 40/40 steps  2 steps/s  loss 2.346  phase warm",
        "train: 40/40 steps  2 steps/s  loss 2.346  phase warm",
    ]


def test_a_task_of_unknown_length(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Text().task("read", None, "rows") as task:
        now[0] = 2.0
        task.advance(3)
    assert capsys.readouterr().err == "read: 3 rows  1.5 rows/s\n"
