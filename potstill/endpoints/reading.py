"""Reading responses field by field: what is missing or of another type is said by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from types import UnionType
from typing import Any, TypeVar

import orjson

from potstill.endpoints.base import MalformedError, Parse, Request
from potstill.models.base import Answer
from potstill.types import FinishReason, Usage

Value = TypeVar("Value")
Read = TypeVar("Read")
Speaker = TypeVar("Speaker")

DROPPED = "the server left out what it was asked for: start it so that it returns log-probabilities and token ids, or change the dialect"
"""What to do where log-probabilities or ids are not there."""

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
_ODD = (AttributeError, LookupError, TypeError, ValueError, OverflowError)
"""What reading meets where something of another kind stands in a response."""


def well_formed(read: Callable[[Speaker, Request, bytes], tuple[Read, Usage]]) -> Callable[[Speaker, Request, bytes], tuple[Read, Usage]]:
    """A dialect's reader to which a response with something odd deep within (nothing where an object belongs) is malformed.

    It is asked again then, and kept; any other error is a fault of the reader, and the answer waits for a better one.
    """

    @wraps(read)
    def checked(speaker: Speaker, request: Request, raw: bytes) -> tuple[Read, Usage]:
        try:
            return read(speaker, request, raw)
        except _ODD as error:
            raise MalformedError(f"it has another shape within: {type(error).__name__}: {error!s:.80}") from error

    return checked


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


def field(holder: Any, name: str, kind: type[Value] | UnionType, fix: str = "") -> Value:
    """The field of that name and type; `fix`: what to do where it is not there.

    Raises:
        MalformedError: it is missing, or of another type, or what should hold it is no object.
    """
    if not isinstance(holder, Mapping):
        raise MalformedError(f"{name!r} should stand in {holder!r:.60}")
    value = holder.get(name)
    if not isinstance(value, kind):
        raise MalformedError(f"the response has no {name!r}" if value is None else f"{name!r} is {value!r:.60}", fix)
    return value


def number(holder: Any, name: str) -> float:
    """The field of that name, which holds a number.

    Raises:
        MalformedError: it is missing, or something else.
    """
    return float(field(holder, name, float | int))


def token_ids(holder: Any, name: str) -> tuple[int, ...]:
    """The field of that name, which holds token ids.

    Raises:
        MalformedError: it is missing, or something else.
    """
    ids = field(holder, name, list, DROPPED)
    if not all(isinstance(one, int) for one in ids):
        raise MalformedError(f"{name!r} holds something else than token ids")
    return tuple(ids)


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


def with_reasoning(message: Mapping[str, Any], otherwise: str = "") -> tuple[str, str]:
    """A message's text (without one, `otherwise`) with the reasoning it gives apart in front, and the field where that stood, or nothing.

    `content` is a text or a list of parts; reasoning is a part of the type `thinking` there (Mistral).

    Raises:
        MalformedError: it is something else.
    """
    content = message.get("content") or ""
    text, thinking = _parts(content) if isinstance(content, list) else (field({"content": content}, "content", str), "")
    text = text or otherwise
    for name in REASONING:
        if isinstance(message.get(name), str) and message[name]:
            return thought(message[name]) + text, name
    return (thought(thinking) + text, "thinking") if thinking else (text, "")


def _parts(parts: list[Any]) -> tuple[str, str]:
    """The text and the reasoning in parts of a content."""
    found = {"text": "", "thinking": ""}
    for part in parts:
        kind = field(part, "type", str)
        if kind not in found:
            raise MalformedError(f"a part of 'content' is of the type {kind!r:.40}, neither text nor thinking")
        inner = part.get(kind)
        pieces = inner if kind == "thinking" and isinstance(inner, list) else None
        found[kind] += field(part, kind, str) if pieces is None else "".join(field(piece, "text", str) for piece in pieces)
    return found["text"], found["thinking"]


def thought(reasoning: str) -> str:
    """Reasoning as it stands in a text."""
    return f"<think>{reasoning}</think>"


def openai_usage(response: Mapping[str, Any]) -> Usage:
    """What `usage` of an OpenAI-shaped response says; fields that it leaves out are None."""
    told = _inner(response, "usage")
    return Usage(
        prompt_tokens=count(told, "prompt_tokens"),
        completion_tokens=count(told, "completion_tokens"),
        reasoning_tokens=count(_inner(told, "completion_tokens_details"), "reasoning_tokens"),
        cached_tokens=count(_inner(told, "prompt_tokens_details"), "cached_tokens"),
    )


def _inner(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = holder.get(name)
    return inner if isinstance(inner, Mapping) else {}


def count(holder: Mapping[str, Any], name: str) -> int | None:
    """How many tokens the field of that name says; None where it says no whole number."""
    value = holder.get(name)
    return value if isinstance(value, int) else None
