"""Rules that find what a request asks to be done, so that it can be asked for in another mood or tense."""

from __future__ import annotations

import re

REWORDED = frozenset(
    ("how", "do", "does", "can", "could", "would", "should", "to", "i", "you", "we", "one", "people", "somebody", "please", "me", "tell")
)
"""Words that the rules may take away."""

_BEFORE = re.compile(r"(?s)(.*[.:!?]\s+)?(.*)")
_HOW = re.compile(
    r"(?is)(?:please |can you |could you )*(?:tell me )?how (?:do|can|could|would|should) (?:i|you|we|one|people|somebody) (.+)"
)
_HOW_TO = re.compile(r"(?is)(?:please |can you |could you )*(?:tell me )?how to (.+)")
_VERBS = (
    *("write", "create", "make", "develop", "design", "build", "describe", "explain", "provide", "give", "list", "outline", "teach"),
    *("generate", "draft", "compose", "suggest", "show", "produce", "name", "plan", "prepare", "construct", "formulate", "instruct"),
)
_IMPERATIVE = re.compile(rf"(?is)(?:please |can you |could you )*((?:{'|'.join(_VERBS)}) .+)")


def task_of(request: str) -> tuple[str, str] | None:
    """What stands before the last sentence, and what that one asks to be done, as it would follow a `to`; None where no rule fits.

    `Hello. How do I make bread?` gives `Hello. ` and `make bread`.
    """
    found = _BEFORE.fullmatch(request.strip())
    before, last = (found[1] or "", found[2]) if found else ("", request)
    for rule in (_HOW, _HOW_TO, _IMPERATIVE):
        asked = rule.fullmatch(last)
        if asked:
            task = asked[1].strip().rstrip("?.!").rstrip()
            return (before, task[:1].lower() + task[1:]) if task else None
    return None
