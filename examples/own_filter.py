"""A filter of one's own: one class, one registration; a recipe names it as it names any other.

python examples/own_filter.py
"""

from collections.abc import Mapping, Sequence

from potstill.filter import FilterSettings
from potstill.registry import find, part
from potstill.types import Message, Prompt, Trace, Verdict


class ShortSettings(FilterSettings):
    """`most`: the longest answer that is kept, in characters."""

    most: int = 200


@part("filter", "short", version="1")
class ShortFilter:
    """An answer that goes on and on is noise."""

    Settings = ShortSettings

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: ShortSettings) -> list[Verdict]:
        return [
            Verdict(trace.id, "keep" if len(trace.text) <= settings.most else "noise", "short", f"{len(trace.text)} characters")
            for trace in traces
        ]


prompt = Prompt((Message("user", "How many legs have two cats?"),), reference="8", grader="number")
traces = [Trace(prompt.id, "me", 0, "Answer: 8"), Trace(prompt.id, "me", 1, "Well, " * 50 + "Answer: 8")]
for verdict in find("filter", "short").factory().judge(traces, {prompt.id: prompt}, ShortSettings(most=40)):
    print(f"{verdict.part:<6}{verdict.why}")
