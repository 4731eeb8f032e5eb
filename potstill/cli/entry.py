"""Where the command line starts and ends: words in, exit code out."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from cyclopts import CycloptsError, MissingArgumentError, UnknownCommandError, UnusedCliTokensError

from potstill.cli import checking, comparing, curating, data, looking, runs, strictness, world
from potstill.cli.app import app
from potstill.errors import PotstillError
from potstill.pipeline import STAGES
from potstill.registry import did_you_mean

INTERRUPTED = 3
"""The exit code after Ctrl-C or SIGTERM."""
HUSHED = {
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
}
"""Libraries that would write between our lines."""

FORCE = "--force"

COMMANDS = (runs, checking, comparing, looking, curating, strictness, data, world)
"""The modules whose import hangs their commands on the application."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: the command line without the program's name; None: the process's own.

    Returns:
        0 done, 1 the user's to mend, 2 a limit was missed, 3 interrupted. Other errors are raised: they are potstill's.
    """
    words = sys.argv[1:] if words is None else list(words)
    as_json, debug = "--json" in words, "--debug" in words
    for name, value in HUSHED.items():
        os.environ.setdefault(name, value)
    try:
        with _terminable():
            command, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
            code = command(*bound.args, **bound.kwargs) or 0
            sys.stdout.flush()
            return int(code)
    except CycloptsError as error:
        return _tell(_slip(error, words), as_json)
    except PotstillError as error:
        if debug:
            raise
        return _tell(error, as_json)
    except KeyboardInterrupt:
        return _interrupted(words, as_json)
    except BrokenPipeError:  # the reader of our output has gone: `potstill list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is an interrupt, as Ctrl-C is."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(error: PotstillError, as_json: bool) -> int:
    """An error as one line on standard error, or as JSON on standard output."""
    if as_json:
        told = {"kind": type(error).__name__, "what": error.what, "where": error.where, "fix": error.fix, "exit_code": error.exit_code}
        print(json.dumps({"error": told}, indent=2, ensure_ascii=False))
    else:
        print("potstill:", " ".join(str(error).split()), file=sys.stderr)
    return error.exit_code


def _interrupted(words: Sequence[str], as_json: bool) -> int:
    unforced = _unforced(words)
    again, without = shlex.join(["potstill", *unforced]), f" without {FORCE}" if unforced != list(words) else ""
    if as_json:
        print(json.dumps({"interrupted": True, "again": again}))
    else:
        print(
            f"potstill: interrupted; what is whole is kept, and the same command{without} goes on where it stopped: {again}",
            file=sys.stderr,
        )
    return INTERRUPTED


def _unforced(words: Sequence[str]) -> list[str]:
    """The command line without `--force` and the stages that `run` is given with it: what was made anew is not to be made anew again."""
    kept: list[str] = []
    forced = False
    for word in words:
        forced = word == FORCE or (forced and words[0] == "run" and word in STAGES)
        if not forced and not word.startswith(f"{FORCE}="):
            kept.append(word)
    return kept


def _slip(error: CycloptsError, words: Sequence[str]) -> PotstillError:
    """A command line that cannot be read, in our words where the library's are jargon."""
    fix = _see_help(words)
    strange = next(iter(error.unused_tokens or ()), "")
    if isinstance(error, UnusedCliTokensError):
        return PotstillError(f"one word too many: {strange!r}", fix=fix)
    if isinstance(error, UnknownCommandError) and strange.startswith("-"):
        return PotstillError(f"unknown option {strange}", fix=did_you_mean(strange, ["--help", "--version"]))
    if isinstance(error, MissingArgumentError) and FORCE in words and words[0] == "run":
        fix = f"put {FORCE} after the recipe: it takes the words behind it as stages"
    what = str(error).strip()
    if what.endswith("..."):
        what = what.removesuffix(", ...") + " and others"
    return PotstillError(what.rstrip("."), fix=fix)


def _see_help(words: Sequence[str]) -> str:
    """The command whose help to read: the words up to the first that names no command."""
    named: list[str] = []
    level = app
    for word in words:
        if word.startswith("-") or word not in level:
            break
        named.append(word)
        level = level[word]
    return f"see `{shlex.join(['potstill', *named, '--help'])}`"
