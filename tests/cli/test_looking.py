"""`list`, `trace` and `completion`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from potstill.cli import main
from potstill.recipe import Recipe
from potstill.registry import HOMES
from potstill.store import Quiet, Run
from potstill.store.ledger import NAME, Entry, Ledger
from potstill.types import Usage
from tests.e2e.still import TINY

PARTS = (
    *("attacks", "codecs", "dialects", "divergences", "judges", "labellers", "models", "sources"),
    *("filters", "losses", "suites", "formats"),
)
KINDS = (*PARTS, "parts", "teachers", "recipes", "settings", "filter-settings")


def test_the_kinds_are_those_of_the_registry_and_five_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(KINDS)
    assert len(KINDS) == len(HOMES) + 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_has_a_name_and_a_line(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told
    assert all(part["name"] and part["summary"] for part in told)
    assert main(["list", kind]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(told)


def test_attacks_are_shown_with_their_half(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "attacks", "--json"]) == 0
    told = {part["name"]: part["summary"] for part in json.loads(capsys.readouterr().out)}
    assert told["base64"] == "half A: Writes the request in base64."
    assert told["rot13"].startswith("half B: ")


def test_the_settings_are_all_of_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "settings", "--json"]) == 0
    told = {part["name"]: part["summary"] for part in json.loads(capsys.readouterr().out)}
    assert told["name"].startswith("(required) ")
    assert told["train.lr"].startswith("(0.001) Peak learning rate")
    assert told["train.epochs"].startswith("(3.0) ")
    assert told["train.losses.kind"].startswith('("divergence") ')
    assert told["student.revision"].startswith("(none) ")
    assert set(Recipe.model_fields) <= set(told)


def test_an_unknown_kind_meets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "divergence"]) == 1
    assert "no kind of part is called 'divergence'; did you mean 'divergences'?" in capsys.readouterr().err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with two artifacts, the second made of the first."""
    monkeypatch.chdir(tmp_path)
    opened = Run.open(TINY, log=Quiet())

    def work(workspace) -> dict[str, int]:
        workspace.write_text("a.txt", "a")
        return {"rows": 1}

    first = opened.perform("prompts", section={}, inputs={}, parts={}, work=work)
    opened.perform("generate", section={}, inputs={"prompts": first}, parts={}, work=work)
    return opened


def test_a_trace_leads_back_to_the_prompts(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    made = run.artifact("generate")
    assert main(["trace", made.content[:8]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"generate {made.content[:12]}")
    assert lines[1].startswith(f"└─ prompts {run.artifact('prompts').content[:12]}")


def test_a_trace_as_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(run.artifact("generate").folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stage"] == "generate"
    assert told["inputs"]["prompts"]["summary"] == {"rows": 1}
    assert told["inputs"]["prompts"]["content"] == run.artifact("prompts").content


def test_a_trace_of_a_run_is_of_its_last_stage(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(run.folder)]) == 0
    assert capsys.readouterr().out.startswith(f"generate {run.artifact('generate').content[:12]}")
    (run.folder / "current.json").unlink()
    assert main(["trace", str(run.folder)]) == 1
    assert "runs/tiny: nothing made here yet; `potstill run runs/tiny` makes it" in capsys.readouterr().err


def test_a_trace_of_a_run_tells_what_its_requests_took(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(run.folder / NAME)
    ledger.write([Entry("a", "answered", attempts=2, usage=Usage(3, 2), charged_tokens=15, charged_microusd=None, response=b"{}")])
    ledger.close()
    assert main(["trace", str(run.folder)]) == 0
    line = "ledger.sqlite  1 requests, 1 answered, in 2 attempts, 15 tokens (10 at most without a readable answer)"
    assert capsys.readouterr().out.splitlines()[-1] == line
    assert main(["trace", str(run.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ledger"]["charged_tokens"] == 15
    assert main(["trace", str(run.artifact("generate").folder)]) == 0
    assert NAME not in capsys.readouterr().out
    (run.folder / NAME).write_bytes(b"x" * 4096)
    assert main(["trace", str(run.folder)]) == 0
    assert "ledger.sqlite  the ledger is damaged" in capsys.readouterr().out


def test_a_trace_of_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "0123abcd", "--in", "runs"]) == 1
    assert "no artifact has this content; looked in runs" in capsys.readouterr().err


def test_a_trace_of_a_name_that_no_file_can_have(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "x" * 300]) == 1
    assert "not a path that can be used: File name too long; choose another" in capsys.readouterr().err


def test_a_trace_in_a_copy_of_a_run_stays_in_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/tiny", "runs/a-copy")
    made = run.artifact("generate")
    assert main(["trace", made.content]) == 0
    assert capsys.readouterr().out.count("runs/a-copy/") == 2
    for words in ([], ["--json"]):
        assert main(["trace", str(made.folder), *words]) == 0
        told = capsys.readouterr().out
        assert (told.count("runs/tiny/"), told.count("runs/a-copy/")) == (2, 0)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_verbs(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert "generate" in text
    assert "potstill" in text
