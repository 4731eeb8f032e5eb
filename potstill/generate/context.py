"""What teachers are told beside the question: a constitution, a safety prompt. The student never sees it."""

from __future__ import annotations

from dataclasses import replace

from potstill.types import Message, Prompt


def with_context(prompt: Prompt, context: str) -> Prompt:
    """The prompt with a system turn before it. A system turn of its own follows in the same turn: most chat templates take one only."""
    if not context:
        return prompt
    first, *others = prompt.messages
    if first.role == "system":
        return replace(prompt, messages=(Message("system", f"{context}\n\n{first.content}"), *others))
    return replace(prompt, messages=(Message("system", context), *prompt.messages))
