from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import pytest

from potstill.errors import InputError, RecipeError
from potstill.sources import Rejected, open_source


@pytest.fixture
def feed(monkeypatch):
    """Puts bytes on standard input; None: a person sits there."""

    def give(data):
        stdin = SimpleNamespace(buffer=io.BytesIO(data or b""), closed=False, isatty=lambda: data is None)
        monkeypatch.setattr("sys.stdin", stdin)

    return give


@pytest.fixture
def said():
    """What a run is told."""
    return []


def opened(spec, columns=None):
    return open_source(spec, "prompts.sources", columns or {}).source


def test_what_comes_in_is_kept_and_read_again(tmp_path, feed, said):
    feed(b'{"q": "a?"}\n{"q": \n{"q": "b?"}\n')
    source = opened("-", {"prompt": "q"})
    source.keep(tmp_path, said.append)
    found = list(source.sift())
    assert [p.question for p in found if not isinstance(p, Rejected)] == ["a?", "b?"]
    assert [row.where for row in found if isinstance(row, Rejected)] == [f"{tmp_path}/stdin.jsonl:2:7"]
    for nothing in (b"", None):
        feed(nothing)
        again = opened("stdin:jsonl", {"prompt": "q"})
        again.keep(tmp_path, said.append)
        assert again.fingerprint() == source.fingerprint()
    reading = "prompts.sources 'stdin:jsonl': reading standard input until it ends"
    before = f"prompts.sources 'stdin:jsonl': nothing comes in on standard input; what came in before is read: {tmp_path}/stdin.jsonl"
    assert said == [reading.replace("stdin:jsonl", "-"), reading, before, before], "on a terminal nothing is waited for"
    with pytest.raises(InputError, match="stdin.jsonl:2:7"):
        list(again.prompts())


def test_other_input_replaces_it(tmp_path, feed, said):
    seen = set()
    for data in (b"one\n", b"two\n"):
        feed(data)
        source = opened("stdin:txt")
        source.keep(tmp_path, said.append)
        seen.add(source.fingerprint())
    assert len(seen) == 2
    assert [(p.question, p.skill) for p in source.prompts()] == [("two", "stdin")]


def test_faults(tmp_path, feed, said):
    feed(None)
    with pytest.raises(InputError, match="nothing comes in on standard input; pipe the rows in"):
        opened("-").keep(tmp_path, said.append)
    with pytest.raises(InputError, match="standard input is read by runs alone"):
        opened("-").fingerprint()
    with pytest.raises(RecipeError, match="unknown format 'jsnl'; did you mean 'json"):
        opened("stdin:jsnl")


def test_a_real_terminal_is_not_waited_for(tmp_path):
    """Standard input is a terminal on which nobody types: the command ends at once, and says what to do."""
    leader, follower = pty.openpty()
    code = (
        "import sys; from pathlib import Path; from potstill.sources import open_source\n"
        "open_source('-', 'prompts.sources', {}).source.keep(Path(sys.argv[1]), print)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], stdin=follower, capture_output=True, text=True, timeout=120)
    os.close(leader)
    os.close(follower)
    assert done.stdout == ""
    assert "InputError: prompts.sources '-': nothing comes in on standard input; pipe the rows in" in done.stderr
