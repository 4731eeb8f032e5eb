"""Write anew what the documents show: `make docs`. Tests hold the documents to it.

Tables of figures between `figures:begin` and `figures:end` are those of `docs/figures.py`.

In a fenced `console` block a line that begins with `$ ` is a command, and what follows is its output. The output of `potstill … --help` and
of `potstill list …` is refreshed where some is shown; that of other commands is left as it is.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH = "100"
"""Columns of the terminal that help texts are written for."""

sys.path.insert(0, str(ROOT))
from docs.figures import filled  # noqa: E402

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = "import sys; sys.argv[0] = 'potstill'; from potstill.cli import main; sys.exit(main())"


def documents() -> list[Path]:
    """The Markdown files of the project: those at its top, and those in `docs/`, `recipes/`, `examples/` and `benchmarks/`."""
    folders = [ROOT, *(ROOT / name for name in ("docs", "recipes", "examples", "benchmarks"))]
    return sorted(path for folder in folders for path in folder.glob("*.md"))


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command in the `console` blocks of a document, with the output shown."""
    for block in _BLOCK.finditer(text):
        for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command.strip(), output


def refreshed(text: str) -> str:
    """The document with the output of its refreshable commands and its tables of figures as they are now."""

    def block(match: re.Match[str]) -> str:
        parts = [f"$ {command}\n{_output(command, shown)}" for command, shown in commands(match[0])]
        return f"```console\n{''.join(parts)}```" if parts else match[0]

    return filled(_BLOCK.sub(block, text))


def _output(command: str, shown: str) -> str:
    words = shlex.split(command, comments=True)
    if not shown.strip() or words[:1] != ["potstill"] or not (words[-1] == "--help" or words[1:2] == ["list"]):
        return shown
    return run(words[1:]).stdout.strip("\n") + "\n"


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """`potstill` with these arguments, as on a plain terminal of `WIDTH` columns."""
    environment = {**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _CALL, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL)


def main() -> None:
    """Refresh every document in place."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        if (new := refreshed(text)) != text:
            path.write_text(new, encoding="utf-8")
            print(f"refreshed {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
