"""The examples run as they are written, and one of them is the interface of the design, word for word."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from potstill.models import open_tokenizer
from tests.e2e.still import TINY
from tests.house import tree

EXAMPLES = tree.ROOT / "examples"
DESIGN = """\
prompts = ps.prompts.gather(run)
traces = ps.generate.draw(run, prompts)
kept = ps.filter.judge(run, traces)
student = ps.train.fit(run, kept)
card = ps.evaluate.score(run, student)
if card.passed:
    ps.export.write(run, student)
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run an example with some words; what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *words: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *words])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_the_interface_is_that_of_the_design() -> None:
    lines = [line.partition("  #")[0].rstrip() for line in (EXAMPLES / "distil.py").read_text(encoding="utf-8").splitlines()]
    assert DESIGN in "\n".join(lines) + "\n"
    assert "ps.report.write(run, card)" in lines[-2]


def test_a_whole_still(told) -> None:
    page = told("distil.py", str(TINY)).strip()
    assert page.endswith("report.html")
    assert Path(page).is_file()


def test_a_plan(told) -> None:
    text = told("check_first.py", str(TINY))
    assert text.splitlines()[-1] == "student: 23,088 parameters"
    assert text.startswith("generate ")


def test_a_filter_of_ones_own(told) -> None:
    assert told("own_filter.py") == "9     9 characters\n309   309 characters\n"


def test_recorded_answers(told) -> None:
    text = told("recorded_answers.py")
    assert text == "kept: ['3 - 1 = 2. The answer is 2.']\nnoise: ['4 + 5 = 9. The answer is 9.']\n"


def test_a_look_at_a_teacher(told, tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = open_tokenizer("world:a")
    settings = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **settings)).save_pretrained(tmp_path / "teacher")
    tokenizer.save_pretrained(tmp_path / "teacher")
    lines = told("look_at_a_teacher.py", "hf:./teacher").splitlines()
    assert lines[-1].count("0.") == 5


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in sorted(EXAMPLES.glob("*.py")) if path.name not in text] == []


def test_importing_takes_nothing_over() -> None:
    """As in a notebook: no argv is read, no signal handler and no thread is left behind."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    code = (
        "import signal, sys, threading\n"
        "before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
        "sys.argv = ['kernel', '-f', 'connection.json']\n"
        "import potstill as ps\n"
        "from potstill import pipeline\n"
        "from potstill.cli import main\n"
        "_ = ps.Run, ps.prompts, ps.generate, ps.filter, ps.train, ps.evaluate, ps.export, ps.report\n"
        "assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
