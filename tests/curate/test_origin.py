from __future__ import annotations

import json

import pytest

from potstill.curate.origin import Origin, origin
from potstill.curate.rulings import rule
from potstill.errors import InputError, StoreError
from potstill.filter import judge
from potstill.generate import draw
from potstill.prompts import gather
from potstill.recipe import BalanceSection, Recipe
from potstill.store import Quiet, Run


def run_of(tmp_path):
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps({"prompt": f"{n}+{n}?", "reference": str(2 * n), "licence": "MIT"}) + "\n" for n in (1, 2)))
    recipe = {
        "name": "x",
        "student": {"model": "new:llama"},
        "teachers": [{"model": "fake:Answer: 2"}],
        "prompts": {"sources": [str(asked)], "grader": "number"},
        "filters": [{"kind": "answer"}],
    }
    return Run.open(Recipe.model_validate(recipe), out=tmp_path / "run", log=Quiet()), asked


def test_a_row_back_to_its_source(tmp_path):
    run, asked = run_of(tmp_path)
    cut = judge(run, draw(run, gather(run)))
    (wrong,) = cut.noise
    found = origin(run, wrong.id)
    assert found.prompt["source"] == f"{asked}:2"
    assert (found.prompt["licence"], found.trace["text"], found.teacher["name"]) == ("MIT", "Answer: 2", "fake:Answer: 2")
    assert [(verdict["by"], verdict["part"]) for verdict in found.said] == [("answer", "noise")]
    assert found.decided["part"] == "noise"
    told = "\n".join(found.lines())
    for part in (
        f"{asked}:2  MIT",
        "user: 2+2?",
        "noise   answer (0): the answer is wrong by number: '4' was expected",
        "-> noise because of",
    ):
        assert part in told
    assert json.loads(json.dumps(found.facts()))["decision"]["part"] == "noise"


def test_a_prompt_and_its_answers(tmp_path):
    run, _ = run_of(tmp_path)
    (kept,) = judge(run, draw(run, gather(run))).keep
    found = origin(run, kept.prompt_id)
    assert (found.trace, found.traces) == (None, [kept.id])
    assert f"traces    {kept.id}" in found.lines()


def test_what_a_person_said(tmp_path):
    run, _ = run_of(tmp_path)
    (wrong,) = judge(run, draw(run, gather(run))).noise
    rule(run, wrong.prompt_id, "keep", "a trick question")
    assert "human     keep: a trick question" in origin(run, wrong.id).lines()


def test_a_prompt_that_was_kept_and_not_drawn(tmp_path):
    run, _ = run_of(tmp_path)
    prompts = run.recipe.prompts.model_copy(update={"balance": BalanceSection(by="skill", total=1)})
    balanced = Run.open(run.recipe.model_copy(update={"prompts": prompts}), out=run.folder, log=Quiet())
    drawn = set(gather(balanced).table("prompts")["id"].to_pylist())
    told = {row["id"]: origin(balanced, row["id"]) for row in balanced.artifact("prompts.gathered").table("candidates").to_pylist()}
    assert {id_ for id_, found in told.items() if found.times} == drawn
    assert [
        found.lines().count("  not drawn by prompts.balance, so nobody was asked") for id_, found in told.items() if id_ not in drawn
    ] == [1]


def test_a_twin_a_revision_and_the_evidence_of_what_is_put_aside():
    prompt = dict.fromkeys(("source", "licence", "reference")) | {"id": "p2", "twin_of": "p1", "messages": []}
    made = {"of": "t1", "rules": ["steps"], "round": 1, "how": "step"}
    trace = {"id": "t2", "sample": 3, "teacher": "fake:x", "finish_reason": "stop", "text": "9", "sampling": json.dumps({"revision": made})}
    said = {"part": "noise", "score": 1.0, "why": "w", "applies": True, "within": "", "start": None, "end": None}
    spans = [said | {"by": "a", "evidence": "t0"}, said | {"by": "b", "evidence": "bad", "within": "answer", "start": 0, "end": 3}]
    lines = Origin(prompt, trace=trace, said=[*spans, spans[1] | {"by": "c", "part": "keep"}]).lines()
    for line in (
        "  the harmless twin of p1",
        "  revises t1, which breaks steps (round 1, step)",
        "  noise   a (1): w (t0)",
        "  noise   b (1): w; answer 0 to 3: bad",
        "  keep    c (1): w",
    ):
        assert line in lines


def test_before_anything_is_drawn(tmp_path):
    run, asked = run_of(tmp_path)
    with pytest.raises(StoreError, match="nothing made by the stage 'prompts' yet"):
        origin(run, "0123456789abcdef")
    ids = gather(run).table("prompts")["id"].to_pylist()
    assert origin(run, ids[0]).prompt["source"] == f"{asked}:1"
    with pytest.raises(InputError, match="no prompt and no trace of the run has this id"):
        origin(run, "0123456789abcdef")
