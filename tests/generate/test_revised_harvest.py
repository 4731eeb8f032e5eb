"""A harvest whose answers are revised: its tables, the filters behind it, interruptions and budgets."""

from __future__ import annotations

import json

import pytest

from potstill.errors import BudgetError, CapabilityError
from potstill.filter import judge
from potstill.generate import draw
from potstill.models.fake import FakeTeacher
from potstill.prompts import gather
from potstill.recipe import FilterSection
from potstill.store import Run
from tests.endpoints.plain_server import PlainServer, Reply
from tests.generate.test_drawing import CHAT, Interrupted, Lines, run_of

RULES = """
[[rules]]
name = "sums"
text = "Every equation is right."
kind = "arithmetic"

[[rules]]
name = "tone"
text = "Be kind."
kind = "teacher"
domains = ["talk"]
"""


def sums(prompt, sample):
    """Draws of a teacher that gets sums wrong at first for `b`, and always for `c`; of `d` its critique cannot be read."""
    if "VERDICT" in prompt.question:
        return "Hm." if "asked:\nd\n" in prompt.question else "VERDICT: KEPT"
    wrong = prompt.question == "c" or (prompt.question == "b" and sample == 0)
    return f"1+1=2. 2+2={5 if wrong else 4}. Answer: 4"


def revising(tmp_path, monkeypatch, out="run", **more):
    (tmp_path / "rules.toml").write_text(RULES)
    monkeypatch.setattr("potstill.models.fake._filled", lambda name, prompt: "")
    monkeypatch.setattr(FakeTeacher, "_text", lambda self, prompt, sample: sums(prompt, sample))
    revision = {"constitution": str(tmp_path / "rules.toml"), "rounds": 2, **more}
    return run_of(tmp_path, out=out, questions="abcd", revision=revision, max_new_tokens=600)


def test_answers_that_break_a_rule_are_revised_and_both_versions_are_kept(tmp_path, monkeypatch):
    run = revising(tmp_path, monkeypatch)
    made = draw(run, gather(run))
    tables = sorted(path.name for path in made.folder.glob("*-00000.parquet"))
    assert tables == ["revisions-00000.parquet", "scorings-00000.parquet", "traces-00000.parquet", "verdicts-00000.parquet"]
    assert made.manifest.summary["revision"] == {
        "draws": 4,
        "broken": 2,
        "mended": 1,
        "unjudged": 1,
        "by_step": 3,
        "by_whole": 0,
        "rules": {"sums": 2},
    }
    traces, verdicts = made.table("traces"), made.table("verdicts")
    assert verdicts["trace_id"].to_pylist() == traces["id"].to_pylist() == made.table("scorings")["trace_id"].to_pylist()
    assert verdicts["part"].to_pylist() == ["keep", "noise", "keep", "noise", "noise", "noise", "noise"]
    assert traces["sample"].to_pylist() == [0, 0, 1, 0, 1, 2, 0]
    told = "generate: 2 of 4 answers broke a rule, 1 of them are mended, by revisions 3 from the last good step; 1 could not be judged"
    assert told in run.log.lines
    assert {"revision", "constitution", "rules"} <= set(made.manifest.parts)


def test_no_version_passes_by_the_filters(tmp_path, monkeypatch):
    run = revising(tmp_path, monkeypatch)
    cut = judge(run, draw(run, gather(run)))
    assert [(trace.text, trace.sample) for trace in cut.keep] == [("1+1=2. 2+2=4. Answer: 4", 0), ("1+1=2. 2+2=4. Answer: 4", 1)]
    assert len(cut.noise) == 5
    strict = run.recipe.model_copy(update={"filters": (FilterSection(kind="answer", grader="number"),)})
    run = Run.open(strict, out=tmp_path / "strict", log=Lines())
    said = judge(run, draw(run, gather(run))).table("verdicts")
    assert said["by"].to_pylist().count("answer") == said["by"].to_pylist().count("revision") == 7


def test_an_interrupted_revision_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    undisturbed = draw(run := revising(tmp_path, monkeypatch, out="a"), gather(run))
    run, fallen = revising(tmp_path, monkeypatch, out="b"), []
    prompts, going_on = gather(run), FakeTeacher.go_on

    def falls_over(self, begun, sampling, keep):
        if any(one.prompt.question == "c" for one in begun) and not fallen:
            fallen.append(1)
            raise Interrupted
        return going_on(self, begun, sampling, keep)

    monkeypatch.setattr(FakeTeacher, "go_on", falls_over)
    with pytest.raises(Interrupted):
        draw(run, prompts)
    made = draw(run, prompts)
    assert "generate: going on, 2 of 4 prompts are done" in run.log.lines
    assert made.content == undisturbed.content
    assert made.manifest.summary == undisturbed.manifest.summary


def test_other_rules_make_the_stage_anew(tmp_path, monkeypatch):
    run = revising(tmp_path, monkeypatch)
    first = draw(run, gather(run))
    assert draw(run, gather(run)).folder == first.folder
    (tmp_path / "rules.toml").write_text(RULES.replace("Be kind", "Be very kind"))
    assert draw(run, gather(run)).folder != first.folder


def test_a_file_of_answers_cannot_revise(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps({"prompt": q, "text": "1+1=3"}) + "\n" for q in "abcde"))
    teacher = {"model": f"recorded:{tmp_path}/answers.jsonl", "columns": {"answer": "text"}}
    run = run_of(tmp_path, teachers=[teacher], revision={"constitution": str(tmp_path / "rules.toml")})
    prompts = gather(run)
    with pytest.raises(CapabilityError, match=r"cannot be asked for a revision; leave generate\.revision out"):
        draw(run, prompts)


def test_a_server_that_cannot_go_on_criticises_within_its_budget_and_is_paid_once(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES)

    def reply(number, body):
        asked = body["messages"][-1]["content"]
        said = "VERDICT: KEPT" if "VERDICT" in asked else "1+1=2. Answer: 2" if asked.startswith("Now") else "1+1=3. Answer: 3"
        return Reply(body={**CHAT, "choices": [{"message": {"content": said}, "finish_reason": "stop"}]})

    with PlainServer(reply) as server:
        teacher = {"model": f"{server.base}#m", "concurrency": 1, "price": {"input": 1, "output": 1}}

        def run(**budget):
            revision = {"constitution": str(tmp_path / "rules.toml"), "rounds": 1}
            return run_of(tmp_path, teachers=[teacher], max_new_tokens=40, revision=revision, questions="ac", **budget)

        with pytest.raises(BudgetError):
            draw(short := run(token_budget=300), gather(short))
        asked = len(server.bodies)
        assert asked < 8
        made = draw(whole := run(), gather(whole))
        assert made.manifest.summary["revision"] == {
            "draws": 2,
            "broken": 2,
            "mended": 2,
            "unjudged": 0,
            "by_step": 0,
            "by_whole": 2,
            "rules": {"sums": 2},
        }
        assert len(server.bodies) == 8
        assert {len(body["messages"]) for body in server.bodies} == {1, 3, 5}
    contexts = made.table("traces")["context"].to_pylist()
    assert [bool(context) for context in contexts] == [False, True, False, True]
    assert made.table("verdicts")["part"].to_pylist() == ["noise", "keep"] * 2
