from __future__ import annotations

import pytest

from potstill.filter.policy import HALF_B, decide
from potstill.types import Trace, Verdict
from tests.models.small import ask


def decided(prompt, *parts):
    trace = Trace(prompt.id, "t", 0, "x")
    verdicts = [Verdict(trace.id, part, f"f{i}", f"why {i}") for i, part in enumerate(parts)]
    (decision,) = decide([trace], {prompt.id: prompt}, verdicts)
    assert decision.trace_id == trace.id
    assert decision.prompt_id == prompt.id
    return decision.part, decision.because


@pytest.mark.parametrize(
    ("parts", "part", "because"),
    [
        ((), "keep", ()),
        (("keep", "keep"), "keep", ()),
        (("keep", "noise"), "noise", ("f1: why 1",)),
        (("noise", "hazard", "hazard"), "hazard", ("f1: why 1", "f2: why 2")),
    ],
)
def test_the_worst_verdict_decides(parts, part, because):
    assert decided(ask("a?"), *parts) == (part, because)


def test_half_b_only_evaluates():
    half_b = ask("How?", intent="hazard", half="B")
    assert decided(half_b, "keep") == ("hazard", (HALF_B,))
    assert decided(half_b, "noise", "hazard") == ("hazard", (HALF_B, "f1: why 1"))
    assert decided(ask("How?", intent="hazard", half="A"), "keep")[0] == "keep"


def test_order_is_the_traces():
    prompt = ask("a?")
    traces = [Trace(prompt.id, "t", i, str(i)) for i in range(5)]
    verdicts = [Verdict(t.id, "noise" if t.sample % 2 else "keep", "f", "w") for t in traces]
    assert [d.part for d in decide(traces, {prompt.id: prompt}, verdicts[::-1])] == ["keep", "noise", "keep", "noise", "keep"]


@pytest.mark.parametrize("reason", ["content_filter", "error"])
def test_what_was_withheld_is_not_learnt(reason):
    prompt = ask("a?")
    trace = Trace(prompt.id, "t", 0, "", finish_reason=reason)
    (decision,) = decide([trace], {prompt.id: prompt}, [Verdict(trace.id, "keep", "f", "w")])
    assert (decision.part, decision.because) == ("noise", (f"the answer was withheld: {reason}",))
    assert decided(ask("b?"))[0] == "keep"
