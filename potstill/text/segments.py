"""What a text consists of: reasoning, the final answer, a refusal. The spans cover the text, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from potstill.text.refusals import refused
from potstill.types import Segment

_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_MARK = re.compile(r"####|\*{0,2}\bAnswer:|\b(?:[Ss]o |[Tt]herefore,? |[Hh]ence,? )?[Tt]he (?:final )?answer is\b")


def segments(text: str) -> tuple[Segment, ...]:
    """Spans over the whole text, in characters.

    A leading `<think>...</think>` is reasoning. Of what follows, a refusal is one span; else the part before the last mark of a final
    answer (`Answer:`, `####`, `the answer is`) is reasoning, and the rest is the answer. Without a mark, what follows thoughts is the
    answer, and a text without thoughts is `other`.
    """
    if not text:
        return ()
    thought = _THOUGHT.match(text)
    if thought is None and _OPEN_THOUGHT.match(text):
        return (Segment("reasoning", 0, len(text)),)
    start = thought.end() if thought else 0
    before = (Segment("reasoning", 0, start),) if start else ()
    return *before, *_after_thought(text, start)


def without_reasoning(text: str, spans: Iterable[Segment]) -> str:
    """What the text says besides its reasoning."""
    return "".join(text[span.start : span.end] for span in spans if span.kind != "reasoning")


def _after_thought(text: str, start: int) -> tuple[Segment, ...]:
    if start == len(text):
        return ()
    if refused(text[start:]):
        return (Segment("refusal", start, len(text)),)
    marks = list(_MARK.finditer(text, start))
    if not marks:
        return (Segment("answer" if start else "other", start, len(text)),)
    at = marks[-1].start()
    reasoning = (Segment("reasoning", start, at),) if text[start:at].strip() else ()
    return *reasoning, Segment("answer", at if reasoning else start, len(text))
