"""One recipe reads every real set of prompts: of reasoning, of instructions, and of safety."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from potstill.check.counting import find_prompts, malformed
from potstill.prompts import gather
from potstill.recipe import parse
from potstill.store import Quiet, Run

RECIPE = """
name = "real-sets"

[student]
model = "new:llama"

[[teachers]]
model = "fake:yes"

[prompts]
limit = 60
columns = {prompt = "question", reference = "answer"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/gsm8k/train.jsonl"
grader = "number"
columns = {prompt = "question", reference = "answer", domain = "=math.words", licence = "=MIT"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/dsbs/svamp/svamp_train.json"
grader = "number"
columns = {prompt = "input", reference = "label", domain = "=math.words", licence = "=Apache-2.0"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/dsbs/cqa/cqa_train.json"
columns = {prompt = "question", choices = "choices", reference = "answer", domain = "=commonsense", licence = "=Apache-2.0"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/flan_cot/ecqa_train.tsv?header=no&quotes=no&escapes=yes"
grader = "exact"
columns = {prompt = "#1", reference = "#2", rationale = "#3", domain = "=commonsense", licence = "=Apache-2.0"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/flan_cot/strategyqa_train.tsv?header=no&quotes=no"
grader = "exact"
columns = {prompt = "#1", reference = "#2", rationale = "#3", domain = "=commonsense", licence = "=Apache-2.0"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/bbh/bbh/*.json"
grader = "exact"
columns = {prompt = "input", reference = "target", domain = "=logic", licence = "=MIT"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/ifeval/input_data.jsonl"
columns = {prompt = "prompt", skill = "instruction_id_list.0", domain = "=instructions", licence = "=Apache-2.0"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/tofu/full.json"
columns = {prompt = "question", reference = "answer", domain = "=authors", licence = "=MIT"}

[[prompts.sources]]
source = "${POTSTILL_DATA}/bbq/Age.jsonl"
columns = {prompt = "{context} {question}", choices = "ans0,ans1,ans2", reference = "label", domain = "=bias.age", licence = "=CC-BY-4.0"}

[evaluate]

[[evaluate.sources]]
source = "${POTSTILL_DATA}/gsm8k/test.jsonl"
grader = "number"
limit = 60

[[evaluate.sources]]
source = "${POTSTILL_DATA}/xstest/xstest_prompts.csv"
columns = {prompt = "prompt", intent = "label?safe=twin&unsafe=hazard", skill = "type", licence = "=CC-BY-4.0"}

[[evaluate.sources]]
source = "${POTSTILL_DATA}/refusal_direction/raw/advbench.csv"
limit = 60
columns = {prompt = "goal", intent = "=hazard", family = "=advbench", half = "=B", licence = "=Apache-2.0"}

[[evaluate.sources]]
source = "${POTSTILL_DATA}/refusal_direction/raw/jailbreakbench.csv"
columns = {prompt = "Goal", intent = "=hazard", family = "Category", half = "=B", licence = "=Apache-2.0"}

[[evaluate.sources]]
source = "${POTSTILL_DATA}/refusal_direction/splits/harmful_train.json"
columns = {prompt = "instruction", intent = "=hazard", family = "category", half = "=B", licence = "=Apache-2.0"}
"""


@pytest.fixture
def run(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POTSTILL_DATA", str(data_dir))
    return Run.open(parse(RECIPE), out=tmp_path / "run", log=Quiet())


def test_one_recipe_reads_every_real_set(run: Run) -> None:
    made = gather(run)
    asked, held = made.table("prompts"), made.table("evaluation")
    summary = made.manifest.summary
    assert summary["quarantined"] == 0
    rows = 9 * 60 + 60 + 450 + 60 + 94 + 251
    assert len(asked) + len(held) + summary["in_both"] + summary["duplicates"] == rows
    domains = Counter(asked["domain"].to_pylist())
    assert set(domains) == {"math.words", "commonsense", "logic", "instructions", "authors", "bias.age"}
    assert domains["authors"] == 60
    assert pc.min(pc.utf8_length(asked["licence"])).as_py() > 0
    chosen = asked.filter(pc.equal(asked["grader"], "choice"))
    assert set(chosen["reference"].to_pylist()) == set("ABCDE")
    assert pc.all(pc.greater_equal(pc.list_value_length(chosen["choices"]), 3)).as_py()
    assert Counter(held["intent"].to_pylist())["twin"] == 250
    assert set(held["half"].to_pylist()) == {None, "B"}


def test_the_check_reads_them_as_the_run_does(run: Run) -> None:
    found = find_prompts(run.recipe)
    assert found.asked is not None
    assert len(found.asked) == gather(run).manifest.summary["prompts"]
    assert malformed(found) == []
