from __future__ import annotations

import json

import pytest

from potstill.prompts import gather
from potstill.prompts.gathering import gathered
from potstill.prompts.labelled import SIZE, labelled
from potstill.recipe import Recipe
from potstill.store import Quiet, Run

RULE = {"kind": "rule", "name": "words", "rules": [{"phrases": ["sum"], "domain": "math"}]}


def run_of(tmp_path, texts, *labels, **more):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in texts))
    values = {"name": "x", "student": {"model": "new:llama"}, "teachers": [{"model": "fake:yes"}]}
    prompts = {"sources": [str(path)], "labels": list(labels), **more}
    return Run.open(Recipe.model_validate({**values, "prompts": prompts}), out=tmp_path / "run", log=Quiet())


def test_labels_are_in_what_is_asked(tmp_path):
    made = gather(run_of(tmp_path, ["a sum", "a tale"], RULE))
    table = made.table("prompts")
    assert table["domain"].to_pylist() == ["math", ""]
    assert table["labelled_by"].to_pylist() == ["rule:words", "given"]


def test_without_labellers_nothing_is_written_twice(tmp_path):
    run = run_of(tmp_path, ["a sum"])
    found = gathered(run)
    assert labelled(run, found) is found


def test_what_could_not_be_told_is_counted(tmp_path):
    run = run_of(tmp_path, ["a sum", "a tale"], RULE)
    told = labelled(run, gathered(run)).manifest.summary
    assert told["labels"] == {"rule:words": {"labelled": 1, "unlabelled": 1, "conflicts": 0, "first": ""}}
    assert told["candidates"] == 2


def test_labels_that_were_paid_for_are_not_asked_for_again(tmp_path, monkeypatch):
    asked = []
    kept = "potstill.sources.labellers.rule.RuleLabeller.label"
    from potstill.sources.labellers.rule import RuleLabeller

    plain = RuleLabeller.label

    def counting(self, prompts):
        asked.append(len(prompts))
        if len(asked) == 2 and len(prompts) < SIZE:
            raise KeyboardInterrupt
        return plain(self, prompts)

    monkeypatch.setattr(kept, counting)
    run = run_of(tmp_path, [f"sum {n}" for n in range(SIZE + 5)], RULE)
    with pytest.raises(KeyboardInterrupt):
        labelled(run, gathered(run))
    made = labelled(run, gathered(run))
    assert asked == [SIZE, 5, 5]
    assert made.manifest.summary["labels"]["rule:words"]["labelled"] == SIZE + 5
    assert set(made.table("candidates")["domain"].to_pylist()) == {"math"}
