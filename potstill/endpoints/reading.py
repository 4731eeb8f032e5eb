"""Reading responses field by field: what is missing or of another type is said by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import UnionType
from typing import Any, TypeVar

import orjson

from potstill.endpoints.base import MalformedError, Parse, Request
from potstill.models.base import Answer
from potstill.types import FinishReason, Usage

Value = TypeVar("Value")

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "word": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "limit": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "refusal": "content_filter",
}
"""Why an answer ended, in the words of all dialects."""
_GIVEN_UP = frozenset({"abort", "none"})
"""Of answers that the server broke off (vLLM, SGLang), or that are not at their end (llama.cpp)."""
_FILTERED = frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation"})
"""Codes, in small letters, of errors that a filter of prompts makes; Azure's also stands in `innererror`."""
REASONING = ("reasoning", "reasoning_content")
"""Fields of a message that hold reasoning: vLLM's now and before, which others share."""


def whole(raw: bytes) -> dict[str, Any]:
    """A response as a JSON object.

    Raises:
        MalformedError: it is cut off, or something else.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"the response is no whole JSON: {error}") from error
    if not isinstance(found, dict):
        raise MalformedError(f"the response is a {type(found).__name__} and no object")
    return found


def field(holder: Mapping[str, Any], name: str, kind: type[Value] | UnionType) -> Value:
    """The field of that name and type.

    Raises:
        MalformedError: it is missing, or of another type.
    """
    value = holder.get(name)
    if not isinstance(value, kind):
        raise MalformedError(f"the response has no {name!r}" if value is None else f"{name!r} is {value!r:.60}")
    return value


def number(holder: Mapping[str, Any], name: str) -> float:
    """The field of that name, which holds a number.

    Raises:
        MalformedError: it is missing, or something else.
    """
    return float(field(holder, name, float | int))


def first_choice(response: Mapping[str, Any]) -> dict[str, Any]:
    """The first of `choices`.

    Raises:
        MalformedError: there is none.
    """
    choices = field(response, "choices", list)
    if not choices or not isinstance(choices[0], dict):
        raise MalformedError("the response has no choice")
    first: dict[str, Any] = choices[0]
    return first


def finish_reason(told: Any) -> FinishReason:
    """Why an answer ended; `error` for a reason that is not known, as a tool's call: it was paid for, and is no answer to learn from.

    Raises:
        MalformedError: it did not end (the server gave it up), or no reason is told.
    """
    if not isinstance(told, str) or told in _GIVEN_UP:
        raise MalformedError(f"the answer did not end: its finish reason is {told!r}")
    return _REASONS.get(told, "error")


def is_filtered(raw: bytes) -> bool:
    """Whether a body is the error of a filter that refused the prompt, told by its code and not by its words."""
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    error = _inner(told, "error") if isinstance(told, Mapping) else {}
    codes = (error.get("code"), error.get("type"), _inner(error, "innererror").get("code"))
    return any(isinstance(code, str) and code.lower() in _FILTERED for code in codes)


def with_filtered(parse: Parse) -> Parse:
    """A reader of draws to which a filter's refusal of the prompt is an answer: an empty one, which ended with `content_filter`."""

    def read(request: Request, raw: bytes) -> tuple[Any, Usage]:
        if not is_filtered(raw):
            return parse(request, raw)
        told = openai_usage(whole(raw))
        usage = replace(told, prompt_tokens=told.prompt_tokens or 0, completion_tokens=told.completion_tokens or 0)
        return Answer("", finish_reason="content_filter"), usage

    return read


def with_reasoning(message: Mapping[str, Any], text: str) -> tuple[str, str]:
    """The text with the reasoning that a message gives apart in front of it, and the field where it stood; empty: nowhere."""
    for name in REASONING:
        if isinstance(message.get(name), str) and message[name]:
            return thought(message[name]) + text, name
    return text, ""


def thought(reasoning: str) -> str:
    """Reasoning as it stands in a text."""
    return f"<think>{reasoning}</think>"


def openai_usage(response: Mapping[str, Any]) -> Usage:
    """What `usage` of an OpenAI-shaped response says; fields that it leaves out are None."""
    told = _inner(response, "usage")
    return Usage(
        prompt_tokens=_count(told, "prompt_tokens"),
        completion_tokens=_count(told, "completion_tokens"),
        reasoning_tokens=_count(_inner(told, "completion_tokens_details"), "reasoning_tokens"),
        cached_tokens=_count(_inner(told, "prompt_tokens_details"), "cached_tokens"),
    )


def _inner(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = holder.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _count(holder: Mapping[str, Any], name: str) -> int | None:
    value = holder.get(name)
    return value if isinstance(value, int) else None
