from __future__ import annotations

import numpy as np

from potstill.generate.traces import table_of, trace_of
from potstill.models import Answer, Sampling
from potstill.models.fake import FakeTeacher
from potstill.store import SCHEMAS, SIGNALS, rows
from potstill.types import Segment, Trace
from tests.models.small import ask


def test_traces_and_signals_beside_each_other():
    (group,) = FakeTeacher(["3+4=7. Answer: 7", "é"]).draw([ask("a?")], Sampling(n=2), top_k=2)
    traces = [trace_of("p", "fake:x", sample, answer) for sample, answer in enumerate(group)]
    table = table_of(traces, group)
    assert table.schema.names == [*SCHEMAS[Trace].names, *SIGNALS.names]
    assert [table.schema.field(f.name).type for f in SIGNALS] == [f.type for f in SIGNALS]
    assert list(rows(table, Trace)) == traces
    for answer, row in zip(group, table.to_pylist(), strict=True):
        assert row["k"] == 2
        assert row["token_ids"] == list(answer.token_ids)
        np.testing.assert_array_equal(np.array(row["support_ids"]).reshape(-1, 2), answer.outlook.support_ids)
        np.testing.assert_array_equal(np.array(row["support_log_p"], np.float32).reshape(-1, 2), answer.outlook.support_log_p)
        np.testing.assert_array_equal(np.array(row["log_p"], np.float32), answer.outlook.log_p)


def test_a_text_without_signals():
    answers = [Answer("hello"), Answer("")]
    table = table_of([trace_of("p", "t", i, answer) for i, answer in enumerate(answers)], answers)
    assert table["k"].to_pylist() == [0, 0]
    assert table["support_ids"].to_pylist() == table["log_p"].to_pylist() == [[], []]
    assert len(table_of([], [])) == 0


def test_segments():
    assert [s.kind for s in trace_of("p", "t", 0, Answer("3+4=7. Answer: 7")).segments] == ["reasoning", "answer"]
    assert trace_of("p", "t", 0, Answer("so: Answer: 7"), scored=True).segments == (Segment("other", 0, 13),)
