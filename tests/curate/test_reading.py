from __future__ import annotations

import pytest

from potstill.errors import StoreError
from potstill.filter.pairing import batches, judged
from potstill.store import Quiet, Run, from_rows
from potstill.types import Trace, Verdict
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
    found = list(batches(traces, prompts, size))
    assert [batch.number for batch in found] == list(range(len(found)))
    assert [trace for batch in found for trace in batch.traces] == TRACES
    for batch in found:
        assert len(batch.traces) <= size
        assert {id_: prompt.id for id_, prompt in batch.prompts.items()} == {trace.prompt_id: trace.prompt_id for trace in batch.traces}
        assert batch.candidates == batch.traces


def test_prompts_without_traces_are_passed_over(tmp_path):
    traces, prompts = artifacts(tmp_path, [TRACES[3], TRACES[-1]], shards=1)
    assert [list(batch.prompts) for batch in batches(traces, prompts, 1)] == [[PROMPTS[1].id], [PROMPTS[-1].id]]


def test_what_was_said_of_draws_comes_with_them(tmp_path):
    verdicts = [Verdict(trace.id, "noise" if trace.sample else "keep", "best_of", "why") for trace in TRACES]
    traces, prompts = artifacts(tmp_path, verdicts=verdicts)
    assert judged(traces)
    found = list(batches(traces, prompts, 4))
    assert [verdict for batch in found for verdict in batch.said] == verdicts
    assert [trace.sample for batch in found for trace in batch.candidates] == [0] * 7


def test_tables_that_do_not_belong_together_are_refused(tmp_path):
    traces, prompts = artifacts(tmp_path / "a", TRACES[::-1])
    with pytest.raises(StoreError, match="the traces do not follow the prompts"):
        list(batches(traces, prompts, 4))
    verdicts = [Verdict(trace.id, "keep", "best_of", "why") for trace in TRACES[::-1]]
    traces, prompts = artifacts(tmp_path / "b", verdicts=verdicts)
    with pytest.raises(StoreError, match="the verdicts are on other traces"):
        list(batches(traces, prompts, 4))
