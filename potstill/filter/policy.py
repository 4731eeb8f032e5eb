"""From verdicts to a decision. Verdicts are kept, so that another policy can decide anew without asking a teacher again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potstill.types import Part, Prompt, Trace, Verdict
from potstill.world import only_evaluates

HALF_B = "half B only evaluates"
"""Why a trace of a request for a half-B hazard is never trained on, whatever it says."""

WITHHELD = ("content_filter", "error")
"""Answers that ended so are not what the teacher would say; they are kept as rows, and nobody learns from them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a trace goes.

    Attributes:
        trace_id, prompt_id: which trace.
        part: keep, hazard or noise.
        because: `filter: why` of each verdict that decided it; empty for what every filter kept.
    """

    trace_id: str
    prompt_id: str
    part: Part
    because: tuple[str, ...] = ()


def decide(traces: Sequence[Trace], prompts: Mapping[str, Prompt], verdicts: Sequence[Verdict]) -> list[Decision]:
    """Hazard where any verdict says hazard; else noise where any says noise, or the answer was withheld; else keep. Half B is never kept.

    Returns:
        one decision a trace, in the traces' order.
    """
    by_trace: dict[str, list[Verdict]] = {trace.id: [] for trace in traces}
    for verdict in verdicts:
        by_trace[verdict.trace_id].append(verdict)
    return [_decision(trace, prompts[trace.prompt_id], by_trace[trace.id]) for trace in traces]


def _decision(trace: Trace, prompt: Prompt, verdicts: Sequence[Verdict]) -> Decision:
    evaluates = only_evaluates(prompt)
    parts = {verdict.part for verdict in verdicts}
    withheld = trace.finish_reason in WITHHELD
    part: Part = "hazard" if evaluates or "hazard" in parts else "noise" if withheld or "noise" in parts else "keep"
    because = [f"{verdict.by}: {verdict.why}" for verdict in verdicts if verdict.part == part != "keep"]
    own = [HALF_B] if evaluates else [f"the answer was withheld: {trace.finish_reason}"] if withheld and part == "noise" else []
    return Decision(trace.id, trace.prompt_id, part, (*own, *because))
