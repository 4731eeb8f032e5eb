from __future__ import annotations

import pytest

from potstill.curate.base import ready
from potstill.curate.deciding import DECISIONS, Judged, check_some_kept, policy_of, write_decisions
from potstill.curate.judging import opinions
from potstill.curate.policy import Rates
from potstill.curate.reading import VERDICTS, Subject
from potstill.curate.rulings import rule
from potstill.errors import InputError
from potstill.recipe import FilterSection
from potstill.store import Quiet, Run, from_rows, rows
from potstill.types import Prompt, Trace, Verdict
from tests.models.small import ask
from tests.store import still

PROMPTS = [ask("1+1?", reference="2", grader="number"), ask("2+2?", reference="4", grader="number"), ask("How?", intent="hazard", half="B")]
TRACES = [Trace(prompt.id, "t", 0, "2") for prompt in PROMPTS]


def setting(tmp_path, verdicts=()):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    prompts = still.perform(run, "prompts", lambda to: to.write_table("prompts", from_rows(PROMPTS, Prompt)) or {})

    def work(to):
        to.write_table("traces", from_rows(TRACES, Trace), 0)
        if verdicts:
            to.write_table("verdicts", from_rows(verdicts, Verdict), 0)
        return {}

    return run, Subject(prompts, still.perform(run, "generate", work))


def decided(run, subject, rates=None):
    (one,) = ready([FilterSection(kind="answer")], "filters")
    judged = Judged(one, opinions(run, "filter", one, subject), *([rates] if rates else []))
    summary = {}
    artifact = still.perform(
        run, "filter", lambda to: summary.update(write_decisions(to, subject, [judged], policy_of(run, subject))) or {}
    )
    return artifact, summary


def test_verdicts_decisions_and_counts(tmp_path):
    artifact, summary = decided(*setting(tmp_path), Rates(0.9, 0.3, 0.1))
    assert artifact.table(DECISIONS)["part"].to_pylist() == ["keep", "noise", "hazard"]
    assert artifact.table(DECISIONS)["trace_id"].to_pylist() == [trace.id for trace in TRACES]
    found = list(rows(artifact.table(VERDICTS), Verdict))
    assert [(v.by, v.part, v.applies, v.recall, v.false_positive_rate) for v in found] == [
        ("answer", "keep", True, 0.9, 0.1),
        ("answer", "noise", True, 0.9, 0.1),
        ("answer", "keep", False, 0.9, 0.1),
    ]
    assert summary == {"keep": 1, "hazard": 1, "noise": 1, "filters": {"answer": {"keep": 2, "hazard": 0, "noise": 1, "unjudged": 0}}}


def test_what_was_said_at_drawing_counts_too(tmp_path):
    verdicts = [Verdict(trace.id, "noise", "best_of", "not the best") for trace in TRACES]
    artifact, summary = decided(*setting(tmp_path, verdicts))
    assert artifact.table(DECISIONS)["part"].to_pylist() == ["noise", "noise", "hazard"]
    assert list(summary["filters"]) == ["best_of", "answer"]
    assert artifact.table(VERDICTS)["by"].to_pylist() == ["best_of"] * 3 + ["answer"] * 3


def test_the_policy_of_a_run_knows_rulings_and_half_b(tmp_path):
    run, subject = setting(tmp_path)
    rule(run, TRACES[1].id, "keep", "good enough")
    rule(run, TRACES[2].id, "keep", "harmless")
    policy = policy_of(run, subject)
    assert policy.evaluates == {PROMPTS[2].id}
    assert policy.settings == run.recipe.policy
    assert decided(run, subject)[0].table(DECISIONS)["part"].to_pylist() == ["keep", "keep", "hazard"]


def test_prompts_alone(tmp_path):
    run, answered = setting(tmp_path)
    subject = Subject(answered.prompts)
    (one,) = ready([FilterSection(kind="duplicate")], "prompts.filters")
    judged = Judged(one, opinions(run, "prompts", one, subject))
    artifact = still.perform(run, "filter", lambda to: write_decisions(to, subject, [judged], policy_of(run, subject)))
    table = artifact.table(DECISIONS)
    assert table["prompt_id"].to_pylist() == [prompt.id for prompt in PROMPTS]
    assert set(table["trace_id"].to_pylist()) == {""}
    assert table["part"].to_pylist() == ["keep", "keep", "hazard"]


def test_nothing_left_names_who_took_it():
    counts = {"keep": 0, "hazard": 1, "noise": 3}
    filters = {"a": {"keep": 0, "hazard": 1, "noise": 1}, "b": {"keep": 1, "hazard": 0, "noise": 3}}
    with pytest.raises(InputError, match="no prompt is kept: 'b' put 3 of 4 into noise, 'a' put 1 of 4 into hazard"):
        check_some_kept({**counts, "filters": filters}, "prompt", "prompts.filters")
    check_some_kept({"keep": 1, "hazard": 0, "noise": 0, "filters": {}}, "prompt", "prompts.filters")
