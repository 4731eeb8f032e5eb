"""Words in, exit code out: every way in which a command can end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from potstill.cli import entry, main
from potstill.errors import LimitError, PotstillError


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Let every command line do the same."""

    def do(command: Callable[[], int]) -> None:
        parsed = (command, SimpleNamespace(args=(), kwargs={}), {})
        monkeypatch.setattr(entry, "app", SimpleNamespace(parse_args=lambda *_, **__: parsed))

    return do


@pytest.fixture
def ends(does: Callable[[Callable[[], int]], None]) -> Callable[[BaseException], None]:
    """Let every command line end with an exception."""

    def end(error: BaseException) -> None:
        def command() -> int:
            raise error

        does(command)

    return end


def test_a_users_mistake_is_one_line_and_exit_1(ends, capsys: pytest.CaptureFixture[str]) -> None:
    ends(PotstillError("a fault\nof two lines", where="recipe.toml:3", fix="mend it"))
    assert main(["run"]) == 1
    assert capsys.readouterr().err == "potstill: recipe.toml:3: a fault of two lines; mend it\n"


def test_a_missed_limit_is_exit_2(ends) -> None:
    ends(LimitError("retention is 0.5"))
    assert main(["run"]) == 2


@pytest.mark.parametrize("words", [["run", "my recipe.toml"], ["demo"]])
def test_an_interrupt_is_exit_3_and_says_how_to_go_on(words: list[str], ends, capsys: pytest.CaptureFixture[str]) -> None:
    ends(KeyboardInterrupt())
    assert main(words) == 3
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "interrupted" in told
    assert told.endswith("potstill demo\n" if words == ["demo"] else "potstill run 'my recipe.toml'\n")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("run x.toml --force", "run x.toml"),
        ("run x.toml --force train evaluate --to report", "run x.toml --to report"),
        ("run --force train x.toml --quiet", "run x.toml --quiet"),
        ("run x.toml --force=train --force report", "run x.toml"),
        ("train --force train", "train train"),
        ("demo --full --force", "demo --full"),
    ],
)
def test_to_go_on_is_not_to_force_again(words: str, again: str, ends, capsys: pytest.CaptureFixture[str]) -> None:
    ends(KeyboardInterrupt())
    assert main(words.split()) == 3
    assert capsys.readouterr().err.endswith(f"the same command without --force goes on where it stopped: potstill {again}\n")


def test_sigterm_is_an_interrupt(does) -> None:
    def command() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    does(command)
    before = signal.getsignal(signal.SIGTERM)
    assert main(["demo"]) == 3
    assert signal.getsignal(signal.SIGTERM) is before


def test_errors_are_json_when_asked(ends, capsys: pytest.CaptureFixture[str]) -> None:
    ends(PotstillError("a fault", where="here", fix="mend it"))
    assert main(["run", "--json"]) == 1
    told = capsys.readouterr()
    expected = {"kind": "PotstillError", "what": "a fault", "where": "here", "fix": "mend it", "exit_code": 1}
    assert json.loads(told.out) == {"error": expected}
    assert told.err == ""
    ends(KeyboardInterrupt())
    assert main(["run", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == {"interrupted": True, "again": "potstill run --json"}


def test_debug_shows_the_traceback(ends) -> None:
    ends(PotstillError("a fault"))
    with pytest.raises(PotstillError):
        main(["run", "--debug"])


def test_an_unexpected_error_is_raised(ends) -> None:
    ends(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["run"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu"], 'Unknown command "rnu". Did you mean "run"'),
        (["rnu"], " and others; see `potstill --help`"),
        (["--verson"], "unknown option --verson; did you mean '--version'?"),
        (["run", "x.toml", "extra"], "one word too many: 'extra'; see `potstill run --help`"),
        (["run"], "RECIPE requires an argument; see `potstill run --help`"),
        (["run", "--force", "x.toml", "--to", "prompts"], "RECIPE requires an argument; put --force after the recipe: it takes"),
        (["run", "x.toml", "--force", "train", "--to", "filter"], "--force train: the stage is not among those to perform; leave it out"),
        (["run", "x.toml", "--form", "train"], "Unknown option: --form. Did you mean --from"),
        (["run", "x.toml", "--from", "trian"], 'Invalid value "trian" for --from'),
        (["world", "shw"], "see `potstill world --help`"),
        (["run", "x.toml", "--from", "train", "--to", "prompts"], "prompts comes before train"),
    ],
)
def test_a_slip_of_the_keyboard_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    line = capsys.readouterr().err
    assert told in line
    assert line.startswith("potstill: ")
    assert line.count("\n") == 1


def test_a_reader_that_has_gone_is_no_error(ends, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    ends(BrokenPipeError())
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr(entry.sys, "stdout", stream)
        assert main(["list"]) == 0


def test_libraries_are_hushed_before_anything_runs(ends, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in entry.HUSHED:
        monkeypatch.delenv(name, raising=False)
    ends(PotstillError("stop"))
    main(["list"])
    assert os.environ["TRANSFORMERS_VERBOSITY"] == os.environ["HF_HUB_VERBOSITY"] == "error"
