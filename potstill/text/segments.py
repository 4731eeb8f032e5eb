"""What a text consists of: reasoning, the final answer, a refusal. The spans cover the text, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from potstill.text.refusals import refused
from potstill.text.thought_marks import CLOSINGS, OPENINGS
from potstill.types import Segment

_OPENING, _CLOSING = (f"(?:{'|'.join(map(re.escape, marks))})" for marks in (OPENINGS, CLOSINGS))
_THOUGHTS = re.compile(rf"(?:\s*{_OPENING}.*?{_CLOSING})+\s*", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(rf"\s*{_OPENING}", re.IGNORECASE)
_BOUND = re.compile(rf"({_OPENING})|{_CLOSING}\s*", re.IGNORECASE)
_MARK = re.compile(r"####|\*{0,2}\bAnswer:|\b(?:[Ss]o |[Tt]herefore,? |[Hh]ence,? )?[Tt]he (?:final )?answer is\b")


def segments(text: str, *, thinking: bool = False) -> tuple[Segment, ...]:
    """Spans over the whole text, in characters.

    Leading thoughts, `<think>...</think>` or in other marks of `OPENINGS` and `CLOSINGS`, are reasoning. So is what stands before a first
    `</think>` that nothing opened: many chat templates write the opening mark themselves. Of what follows, a refusal is one span; else the
    part before the last mark of a final answer (`Answer:`, `####`, `the answer is`) is reasoning, and the rest is the answer. Without a
    mark, what follows thoughts is the answer, and a text without thoughts is `other`.

    Args:
        text: an answer.
        thinking: whether it begins within a thought, as far as is known: without a `</think>` all of it is reasoning then.
    """
    if not text:
        return ()
    start = _thoughts_end(text, thinking)
    before = (Segment("reasoning", 0, start),) if start else ()
    return *before, *_after_thought(text, start)


def _thoughts_end(text: str, thinking: bool) -> int:
    """Where leading thoughts end, with the space behind them."""
    thoughts = _THOUGHTS.match(text)
    if thoughts is not None:
        return thoughts.end()
    if _OPEN_THOUGHT.match(text):
        return len(text)
    bounds = (found for found in _BOUND.finditer(text) if found[1] is None or not thinking)
    first = next(bounds, None)
    if first is None:
        return len(text) if thinking else 0
    return 0 if first[1] else first.end()


def without_opening(text: str) -> str | None:
    """What follows the mark that begins a thought, where the text begins with one; else None."""
    mark = _OPEN_THOUGHT.match(text)
    return None if mark is None else text[mark.end() :].removeprefix("\n")


def goes_on_thinking(text: str, spans: Sequence[Segment]) -> bool:
    """Whether a text of these segments begins within a thought, whose beginning its prompt holds."""
    if not spans or spans[0].kind != "reasoning" or _OPEN_THOUGHT.match(text):
        return False
    return len(spans) == 1 or _BOUND.search(text, 0, spans[0].end) is not None


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
