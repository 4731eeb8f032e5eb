from __future__ import annotations

from potstill.filter.filters.duplicate import DuplicateFilter, DuplicateSettings
from potstill.types import Prompt, Trace
from tests.models.small import ask

A, SHOUTED, B = ask("What is it?"), ask("WHAT  is it?"), ask("Another?")
PROMPTS = {p.id: p for p in (A, SHOUTED, B)}


def judge(traces, **settings):
    return DuplicateFilter().judge(traces, PROMPTS, DuplicateSettings(**settings))


def test_defaults():
    assert DuplicateSettings() == DuplicateSettings(same_teacher=False)


def test_the_first_by_id_stays():
    traces = [Trace(A.id, "t", 0, "Yes, it is"), Trace(A.id, "t", 1, "yes,  it IS "), Trace(SHOUTED.id, "u", 0, "Yes, it is")]
    first = min(trace.id for trace in traces)
    for order in (traces, traces[::-1]):
        verdicts = judge(order)
        assert [v.trace_id for v in verdicts] == [t.id for t in order]
        assert [v.part for v in verdicts] == ["keep" if t.id == first else "noise" for t in order]
        assert {v.evidence for v in verdicts if v.part == "noise"} == {first}


def test_what_is_no_duplicate():
    traces = [Trace(A.id, "t", 0, "yes"), Trace(B.id, "t", 0, "yes"), Trace(A.id, "t", 1, "no")]
    assert [v.part for v in judge(traces)] == ["keep"] * 3


def test_teachers_may_agree():
    traces = [Trace(A.id, "t", 0, "yes"), Trace(A.id, "u", 0, "yes")]
    assert sorted(v.part for v in judge(traces)) == ["keep", "noise"]
    assert [v.part for v in judge(traces, same_teacher=True)] == ["keep"] * 2


def test_plain_texts():
    one, other = Prompt((), reference="a text"), Prompt((), reference="another")
    traces = [Trace(one.id, "t", 0, "a text"), Trace(other.id, "t", 0, "another")]
    verdicts = DuplicateFilter().judge(traces, {p.id: p for p in (one, other)}, DuplicateSettings())
    assert [v.part for v in verdicts] == ["keep"] * 2
