"""`decide`, `rule`, `query`, and `trace --row`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.cli import main
from potstill.filter.judging import SECTIONS
from potstill.pipeline import STAGES
from potstill.recipe import Recipe
from tests.curate.test_origin import run_of


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    run, _ = run_of(tmp_path)
    from potstill.filter import judge
    from potstill.generate import draw
    from potstill.prompts import gather

    with run.locked():
        judge(run, draw(run, gather(run)))
    capsys.readouterr()
    return str(run.folder)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def wrong(capsys: pytest.CaptureFixture[str], folder: str) -> str:
    rows = json.loads(told(capsys, "query", folder, "select trace_id from decisions where part = 'noise'", "--json"))
    (row,) = rows
    return str(row["trace_id"])


def test_a_changed_threshold_decides_anew(folder, capsys):
    assert "filter    2 keep, 0 hazard, 0 noise" in told(capsys, "decide", folder, "--set", "filters.0.threshold=0", "--quiet")
    assert "filter    1 keep, 0 hazard, 1 noise" in told(capsys, "decide", folder, "--set", "filters.0.threshold=1", "--quiet")


def test_a_person_outranks_the_filters(folder, capsys):
    id_ = wrong(capsys, folder)
    assert f"{id_}: keep; `potstill decide {folder}` applies it" in told(capsys, "rule", folder, id_, "keep", "--why", "a trick question")
    assert "filter    2 keep, 0 hazard, 0 noise" in told(capsys, "decide", folder, "--quiet")
    out = told(capsys, "trace", folder, "--row", id_)
    assert "-> keep because of human: a trick question" in out
    assert "asked.jsonl:2  MIT" in out
    assert json.loads(told(capsys, "trace", folder, "--row", id_, "--json"))["ruling"] == {"part": "keep", "why": "a trick question"}
    assert "filter    2 keep" in told(capsys, "decide", folder, "--set", "filters.0.threshold=1", "--quiet")


def test_a_ruling_on_nothing_is_refused(folder, capsys):
    assert main(["rule", folder, "0123456789abcdef", "keep", "--why", "x"]) == 1
    assert "no prompt and no trace of the run has this id" in capsys.readouterr().err
    assert not (Path(folder) / "rulings.jsonl").exists()


def test_a_ruling_on_a_prompt_that_was_put_aside_is_applied_where_prompts_are_chosen(tmp_path, capsys):
    from potstill.prompts import gather
    from potstill.store import Quiet, Run

    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"prompt": "What is one?"}\n{"prompt": "What is two? Tell me all that you know of it."}\n')
    recipe = {
        "name": "x",
        "student": {"model": "new:llama"},
        "teachers": [{"model": "fake:yes"}],
        "prompts": {"sources": [str(asked)], "filters": [{"kind": "length", "most": 5, "unit": "words"}]},
    }
    folder = str(tmp_path / "run")
    gather(Run.open(Recipe.model_validate(recipe), out=tmp_path / "run", log=Quiet()))
    aside = "select prompt_id from prompts_decisions where part = 'noise'"
    (row,) = json.loads(told(capsys, "query", folder, aside, "--json"))
    assert f"`potstill prompts {folder}` applies it" in told(capsys, "rule", folder, row["prompt_id"], "keep", "--why", "it is fine")
    told(capsys, "prompts", folder, "--quiet")
    assert json.loads(told(capsys, "query", folder, aside, "--json")) == []


@pytest.mark.parametrize("section", sorted(Recipe.model_fields.keys() - {*SECTIONS}))
def test_a_setting_that_decides_nothing_is_refused(folder, capsys, section):
    assert main(["decide", folder, "--set", f"{section}.x=1"]) == 1
    err = capsys.readouterr().err
    assert f"{section} is nothing that traces are decided by" in err
    command = section if section in STAGES else "run"
    assert f"potstill {command} {folder} --set {section}.x=1" in err


def test_a_misspelt_setting_is_told_by_the_recipe(folder, capsys):
    assert main(["decide", folder, "--set", "polcy.noise_votes=2"]) == 1
    assert "did you mean 'policy'" in capsys.readouterr().err


@pytest.mark.parametrize("refused", ["filters.0.threshold=x", 'filters=[{kind = "length", most = 0}]'])
def test_a_setting_that_fails_is_not_kept(folder, capsys, refused):
    before = (Path(folder) / "recipe.toml").read_text()
    assert main(["decide", folder, "--set", refused]) == 1
    capsys.readouterr()
    assert (Path(folder) / "recipe.toml").read_text() == before
    assert "filter    1 keep, 0 hazard, 1 noise" in told(capsys, "decide", folder, "--quiet")


def test_a_setting_of_a_filter_on_prompts_that_cannot_be_is_not_kept(folder, capsys):
    refused = 'prompts.filters=[{kind = "length", most = "x"}]'
    assert main(["prompts", folder, "--set", refused]) == 1
    assert "prompts.filters.0: most" in capsys.readouterr().err
    assert "most" not in (Path(folder) / "recipe.toml").read_text()


HEAVY = {"torch", "transformers", "datasets"}
LIGHT = {
    "decide": ("--set", "filters.0.threshold=0", "--quiet"),
    "query": ("select * from decisions",),
    "trace": (),
    "curve": ("--filter", "answer"),
    "rule": ("{id}", "keep", "--why", "it is right"),
}


@pytest.mark.parametrize("command", LIGHT)
def test_looking_and_deciding_anew_bring_nothing_heavy_in(folder, capsys, command):
    words = [command, folder, *(word.replace("{id}", wrong(capsys, folder)) for word in LIGHT[command])]
    code = f"import sys; from potstill.cli import main; assert main({words!r}) == 0; sys.exit(str({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"


def test_a_reserved_word_as_a_column_is_explained(folder, capsys):
    assert main(["query", folder, "select part from verdicts where by = 'answer'"]) == 1
    assert "are written in double quotes" in capsys.readouterr().err


def test_sql(folder, capsys, tmp_path):
    assert "decisions" in told(capsys, "query", folder)
    lines = told(capsys, "query", folder, "select part, count(*) as n from decisions group by part order by part").split("\n")
    assert [line.split() for line in lines[:3]] == [["part", "n"], ["keep", "1"], ["noise", "1"]]
    out = tmp_path / "rows.jsonl"
    assert "rows.jsonl: 2 rows" in told(capsys, "query", folder, "select * from decisions", "--out", str(out))
    assert len(out.read_text().splitlines()) == 2
    assert main(["query", folder, "selec"]) == 1
    assert "syntax error" in capsys.readouterr().err


def test_many_rows_are_cut_short_and_said_so(folder, capsys):
    lines = told(capsys, "query", folder, "select * from range(250)").rstrip().split("\n")
    assert (len(lines), lines[-1]) == (102, "… 150 rows more; --json and --out give all")
    assert len(json.loads(told(capsys, "query", folder, "select * from range(250)", "--json"))) == 250
