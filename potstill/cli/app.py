"""The application that the commands hang on, and the options that they share. Nothing heavy is imported here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import App, Group, Parameter


def installed_version() -> str:
    """The package's version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("potstill")
    except PackageNotFoundError:
        return "unknown (not installed)"


WHOLE = Group("The whole still", sort_key=1)
STAGE = Group("One stage of it, when those before it are done", sort_key=2)
LOOK = Group("Looking around", sort_key=3)
OTHER = Group("Other", sort_key=4)

app = App(
    name="potstill",
    help="Distil a large language model into a small one: keep the skill, cut out the hazard and the noise, and prove what crossed over.",
    help_epilogue="Exit codes: 0 done, 1 a mistake to mend, 2 a limit of the recipe was missed, 3 interrupted: the same command goes on.",
    help_format="plaintext",
    version=installed_version,
    group=OTHER,
    group_commands=OTHER,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """How a command tells what it found."""

    json: Flag = False
    """Print one JSON value on standard output; so are errors then."""
    debug: Flag = False
    """Show the traceback of an error that is the user's to mend."""


@Parameter(name="*")
@dataclass(frozen=True)
class RunOutput(Output):
    """How a command that takes a while tells what it does."""

    quiet: Flag = False
    """No progress, only the result."""


def show(output: Output, value: Mapping[str, Any] | Sequence[Any], lines: Sequence[str]) -> None:
    """Print `value` as JSON, or else `lines` for people."""
    print(json.dumps(value, indent=2, ensure_ascii=False) if output.json else "\n".join(lines))
