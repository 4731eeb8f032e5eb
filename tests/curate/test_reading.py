from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from potstill.curate.base import Item
from potstill.curate.reading import Subject, judged
from potstill.errors import StoreError
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.store import Quiet, Run, from_rows
from potstill.types import Prompt, Trace, Usage, Verdict
from tests.models.small import ask
from tests.store import still

PROMPTS = [ask(f"{i}?") for i in range(7)]
TRACES = [Trace(prompt.id, "t", sample, f"{prompt.question} {sample}") for prompt in PROMPTS for sample in range(3)]


def artifacts(tmp_path, traces=TRACES, verdicts=None, shards=2):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())

    def write_traces(workspace):
        for shard in range(shards):
            workspace.write_table("traces", from_rows(_part(traces, shard, shards), Trace), shard)
            if verdicts is not None:
                workspace.write_table("verdicts", from_rows(_part(verdicts, shard, shards), Verdict), shard)
        return {}

    prompts = still.perform(run, "prompts", lambda workspace: workspace.write_table("prompts", from_rows(PROMPTS, type(PROMPTS[0]))) or {})
    return still.perform(run, "generate", write_traces), prompts


def _part(rows, shard, shards):
    size = -(-len(rows) // shards)
    return rows[shard * size : (shard + 1) * size]


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("shards", [1, 5])
def test_every_trace_comes_once_with_its_prompt_whatever_the_batches(tmp_path, size, shards):
    traces, prompts = artifacts(tmp_path, shards=shards)
    subject = Subject(prompts, traces)
    found = list(subject.batches(size))
    assert [batch.number for batch in found] == list(range(len(found)))
    assert [item.trace for batch in found for item in batch.items] == TRACES
    assert subject.count() == len(TRACES)
    assert subject.inputs == {"prompts": prompts, "generate": traces}
    for batch in found:
        assert len(batch.items) <= size
        assert all((item.trace_id, item.prompt_id) == (item.trace.id, item.prompt.id) for item in batch.items)
        assert batch.candidates == batch.items


def test_prompts_alone(tmp_path):
    _, prompts = artifacts(tmp_path)
    subject = Subject(prompts)
    assert [item for batch in subject.batches(3) for item in batch.items] == [Item(prompt.id, prompt) for prompt in PROMPTS]
    assert (subject.count(), subject.teachers(), subject.inputs) == (7, {}, {"prompts": prompts})


def test_token_ids_and_usage_are_not_read(tmp_path):
    heavy = [replace(trace, token_ids=(1, 2), token_ends=(1, 1), usage=Usage(1, 2)) for trace in TRACES]
    traces, prompts = artifacts(tmp_path, heavy)
    found = [item for batch in Subject(prompts, traces).batches() for item in batch.items]
    assert [item.trace for item in found] == TRACES
    assert [item.trace_id for item in found] == [trace.id for trace in heavy]


def test_prompts_without_traces_are_passed_over(tmp_path):
    traces, prompts = artifacts(tmp_path, [TRACES[3], TRACES[-1]], shards=1)
    assert [[item.prompt for item in batch.items] for batch in Subject(prompts, traces).batches(1)] == [[PROMPTS[1]], [PROMPTS[-1]]]


def test_draws_that_were_put_aside_are_no_candidates(tmp_path):
    verdicts = [Verdict(trace.id, "noise" if trace.sample else "keep", "best_of", "why") for trace in TRACES]
    traces, prompts = artifacts(tmp_path, verdicts=verdicts)
    assert judged(traces)
    found = list(Subject(prompts, traces).batches(4))
    assert [kept for batch in found for kept in batch.kept] == [verdict.part == "keep" for verdict in verdicts]
    assert [item.trace.sample for batch in found for item in batch.candidates] == [0] * 7


def test_tables_that_do_not_belong_together_are_refused(tmp_path):
    traces, prompts = artifacts(tmp_path / "a", TRACES[::-1])
    with pytest.raises(StoreError, match="the traces do not follow the prompts"):
        list(Subject(prompts, traces).batches(4))
    verdicts = [Verdict(trace.id, "keep", "best_of", "why") for trace in TRACES[::-1]]
    traces, prompts = artifacts(tmp_path / "b", verdicts=verdicts)
    with pytest.raises(StoreError, match="the verdicts are on other traces"):
        list(Subject(prompts, traces).batches(4))


def test_what_teachers_expected_comes_with_the_answers(tmp_path):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    expected = [Scoring(TRACES[i].id, teacher, "teacher_forced", outlook(i)) for i in (0, 2) for teacher in ("a", "b")]
    prompts = still.perform(run, "prompts", lambda workspace: workspace.write_table("prompts", from_rows(PROMPTS, Prompt)) or {})

    def work(workspace):
        workspace.write_table("traces", from_rows(TRACES, Trace), 0)
        workspace.write_table("scorings", to_table(expected), 0)
        return {}

    subject = Subject(prompts, still.perform(run, "generate", work))
    (batch,) = subject.batches()
    found = [item for some in subject.with_scorings(batch.items) for item in some]
    assert [(len(item.scorings), item.trace) for item in found] == [(2 * (i in (0, 2)), trace) for i, trace in enumerate(TRACES)]
    assert [scoring.teacher_id for scoring in found[2].scorings] == ["a", "b"]
    assert found[2].scorings[0].outlook.log_p.tolist() == [-2.0]


def outlook(value):
    none = np.zeros((1, 0))
    return Outlook(
        log_p=np.array([-value], np.float32),
        rank=np.ones(1, np.int32),
        support_ids=none.astype(np.int32),
        support_log_p=none.astype(np.float32),
        tail_mass=np.ones(1, np.float32),
        kind="raw",
        temperature=1.0,
    )
