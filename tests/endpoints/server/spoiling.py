"""Answers in which something is missing that their reader needs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.endpoints.server.behaviour import Body

_OUTER = ("choices", "meta_info", "stop_type", "stop_reason", "tokens", "prompt")
"""The first of these that an answer has is needed."""
_INNER = frozenset(
    {
        "token_ids",
        "token_logprobs",
        "top_logprobs",
        "prompt_logprobs",
        "content",
        "completion_probabilities",
        "output_token_logprobs",
        "input_token_logprobs",
    }
)
"""Lists of which everything is needed, but for what is told twice."""
_FIELDS = frozenset({"finish_reason", "logprob", "top_logprobs", "id"})
"""Fields that are as bad left out as they are null."""
_UNREAD = frozenset({"bytes", "token", "text", "decoded_token", "rank", "type", "signature"})
"""What a reader can do without, or what it tells by something else."""

_DRAWN = frozenset({"finish_reason", "token_ids"})
"""What is not read where a text was scored."""


def without_something(answer: Body, dice: random.Random) -> Body:
    """The answer without one thing that its reader needs: an outer field is left out, or something deep within is left out or null."""
    spoilt = deepcopy(answer)
    within = needed(spoilt)
    if not within or dice.random() < 0.5:
        del spoilt[next(name for name in _OUTER if name in spoilt)]
        return spoilt
    holder, key = dice.choice(within)
    if key in _FIELDS and dice.random() < 0.5:
        del holder[key]
    else:
        holder[key] = None
    return spoilt


def needed(answer: Body) -> list[tuple[Any, Any]]:
    """Where in an answer something stands that its reader needs: what holds it, and its key or place there."""
    scored = "input_token_logprobs" in answer.get("meta_info", {}) or any(one.get("prompt_logprobs") for one in answer.get("choices", []))
    return list(_needed(answer, _UNREAD | (_DRAWN if scored else frozenset()), inside=False))


def _needed(node: Any, unread: frozenset[str], *, inside: bool) -> Iterator[tuple[Any, Any]]:
    for key, value in _items(node):
        if value is None or key in unread:
            continue
        if inside or key == "finish_reason" or "_top_logprobs" in str(key):
            yield node, key
        if key == "prompt_logprobs":  # what is told of tokens that are not scored is not read; the last one is
            yield from _needed(value[-1], unread, inside=True)
        else:
            yield from _needed(value, unread, inside=inside or (key in _INNER and isinstance(value, list)))


def everywhere(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in an answer: what holds it, and its key or place there."""
    for key, value in _items(node):
        yield node, key
        yield from everywhere(value)


def _items(node: Any) -> list[tuple[Any, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []
