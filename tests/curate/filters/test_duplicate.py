from __future__ import annotations

from potstill.curate.base import Context
from potstill.curate.filters.duplicate import DuplicateFilter, DuplicateSettings
from potstill.types import Prompt, Trace
from tests.curate.small import alone, answer, say
from tests.models.small import ask

A, SHOUTED, B = ask("What is it?"), ask("WHAT  is it?"), ask("Another?")
PROMPTS = {p.id: p for p in (A, SHOUTED, B)}


def item(trace, prompts=PROMPTS):
    return answer(prompts[trace.prompt_id], trace.text, trace.sample, trace.teacher)


def judge(traces, prompts=PROMPTS, **settings):
    return say("duplicate", [item(trace, prompts) for trace in traces], **settings)


def test_defaults():
    assert DuplicateSettings() == DuplicateSettings(same_teacher=False, threshold=0.5, part="noise", unjudged="keep")


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
    one, other, again = (Prompt((), reference=text) for text in ("Once upon a", "The dog and the", "once  upon a"))
    prompts = {p.id: p for p in (one, other, again)}
    scored = [Trace(p.id, "t", 0, p.reference) for p in (one, other)]
    assert [v.part for v in judge(scored, prompts)] == ["keep"] * 2
    drawn = [Trace(p.id, "t", 0, " end.") for p in (one, other)]
    assert [v.part for v in judge(drawn, prompts)] == ["keep"] * 2
    assert sorted(v.part for v in judge([*drawn, Trace(again.id, "t", 0, " END.")], prompts)) == ["keep", "keep", "noise"]


def test_prompts_alone():
    verdicts = say("duplicate", [alone(prompt) for prompt in (A, SHOUTED, B)])
    assert sorted(v.part for v in verdicts[:2]) == ["keep", "noise"]
    assert verdicts[2].part == "keep"
    assert {v.evidence for v in verdicts if v.part == "noise"} == {min(A.id, SHOUTED.id)}


def test_an_answer_that_was_not_shown_takes_nobodys_place():
    shown = Trace(A.id, "t", 0, "yes")
    twin = next(trace for i in range(1, 99) if (trace := Trace(A.id, "t", i, "YES")).id < shown.id)
    other = Trace(A.id, "t", 0, "no")
    one = DuplicateFilter(DuplicateSettings(), Context())
    one.collect([item(shown)])
    assert [o.score for o in one.judge([item(shown), item(twin), item(other)])] == [0.0, 1.0, 0.0]
    assert [o.score for o in DuplicateFilter(DuplicateSettings(), Context()).judge([item(other)])] == [0.0]


def test_it_remembers_sixteen_bytes_an_item():
    one = DuplicateFilter(DuplicateSettings(), Context())
    for start in range(0, 100, 10):
        one.collect([answer(A, str(i), i) for i in range(start, start + 10)])
    one.judge([])
    assert [(array.dtype.itemsize, array.shape) for array in one._seen] == [(8, (100, 2))]
