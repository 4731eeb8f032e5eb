"""Traces that say the same again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from potstill.filter.base import FilterSettings
from potstill.registry import part
from potstill.types import Prompt, Trace, Verdict, content_id

NAME, VERSION = "duplicate", "1"


class DuplicateSettings(FilterSettings):
    """Settings of the filter `duplicate`.

    Attributes:
        same_teacher: only traces of one teacher are compared; else the same answer of two teachers is a duplicate too.
    """

    same_teacher: bool = False


@part("filter", NAME, version=VERSION)
class DuplicateFilter:
    """The same answer to the same prompt again is noise; case and spaces do not count.

    Of those that are the same, the one whose id sorts first stays: which one does not depend on the order of the rows.
    """

    Settings = DuplicateSettings

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: DuplicateSettings) -> list[Verdict]:
        """One verdict a trace; the evidence is the trace that stays."""
        keys = [_key(trace, prompts[trace.prompt_id], settings) for trace in traces]
        first: dict[str, str] = {}
        for trace, key in sorted(zip(traces, keys, strict=True), key=lambda pair: pair[0].id):
            first.setdefault(key, trace.id)
        return [_verdict(trace.id, first[key]) for trace, key in zip(traces, keys, strict=True)]


def _verdict(trace_id: str, first: str) -> Verdict:
    if trace_id == first:
        return Verdict(trace_id, "keep", NAME, "the first of its kind", 0.0, version=VERSION)
    return Verdict(trace_id, "noise", NAME, "says the same as another trace", 1.0, evidence=first, version=VERSION)


def _key(trace: Trace, prompt: Prompt, settings: DuplicateSettings) -> str:
    """What two duplicates share."""
    asked = [[message.role, _plain(message.content)] for message in prompt.messages]
    return content_id([asked, _plain(trace.text), trace.teacher if settings.same_teacher else ""])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
