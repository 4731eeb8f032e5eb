"""Traces in the forms that trainers read.

The keys are those of TRL's dataset formats (huggingface.co/docs/trl/dataset_formats): `prompt` and `completion`, as lists of messages or
as texts; `messages`; `text`. A row's other columns say where it came from; a trainer passes over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import pyarrow as pa

from potstill.errors import InputError

Format = Literal["prompt-completion", "messages", "text", "nested"]
FORMATS: tuple[Format, ...] = get_args(Format)

_TEXT = pa.string()
_MESSAGES = pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))
_ABOUT = pa.schema(
    [
        ("trace_id", _TEXT),
        ("prompt_id", _TEXT),
        ("teacher", _TEXT),
        ("sample", pa.int32()),
        ("part", _TEXT),
        ("finish_reason", _TEXT),
        ("domain", _TEXT),
        ("skill", _TEXT),
        ("source", _TEXT),
        ("licence", _TEXT),
    ]
)
_OF_TRACE, _OF_PROMPT = ("teacher", "sample", "finish_reason"), ("domain", "skill", "source", "licence")


def schema(form: Format, *, conversation: bool) -> pa.Schema:
    """The columns of a flat form, in order: what a trainer reads, then where it came from."""
    said = _MESSAGES if conversation else _TEXT
    read = {"prompt-completion": [("prompt", said), ("completion", said)], "messages": [("messages", _MESSAGES)], "text": [("text", _TEXT)]}
    return pa.schema([*read[form], *_ABOUT])


def rows(form: Format, records: Sequence[Mapping[str, Any]], *, conversation: bool, scored: bool) -> Iterator[dict[str, Any]]:
    """A row for each completion of nested records.

    Args:
        form: a flat one.
        records: as `potstill.store.nested` gives them.
        conversation: whether the prompts are conversations; all must be of one sort, for a column has one type.
        scored: whether the traces are the prompts' own texts, which a teacher only scored.

    Raises:
        InputError: what the form cannot hold, or prompts of both sorts.
    """
    for record in records:
        if bool(record["messages"]) != conversation:
            what = "some prompts are conversations and some are plain text, and a column has one type"
            raise InputError(what, where=record["source"] or record["id"], fix="export runs of one sort, or use --format nested")
        for completion in record["completions"]:
            yield _said(form, record, completion, scored) | _about(record, completion)


def check_form(form: Format, *, conversation: bool, scored: bool) -> None:
    """Whether the form can hold such traces.

    Raises:
        InputError: it cannot.
    """
    if form == "text" and conversation:
        what = "a conversation has no plain text of its own: which one depends on a chat template"
        raise InputError(what, where="--format text", fix="use --format messages or --format prompt-completion")
    if form == "messages" and not conversation:
        raise InputError("the prompts are plain text, not conversations", where="--format messages", fix="use --format text")
    if form == "prompt-completion" and scored:
        raise InputError("these texts were only scored: nothing was asked", where=f"--format {form}", fix="use --format text")


def _said(form: Format, prompt: Mapping[str, Any], completion: Mapping[str, Any], scored: bool) -> dict[str, Any]:
    answer = [{"role": "assistant", "content": completion["text"]}]
    if form == "messages":
        return {"messages": [*prompt["messages"], *answer]}
    asked = prompt["reference"] or ""
    if form == "text":
        return {"text": completion["text"] if scored else asked + completion["text"]}
    if prompt["messages"]:
        return {"prompt": prompt["messages"], "completion": answer}
    return {"prompt": asked, "completion": completion["text"]}


def _about(prompt: Mapping[str, Any], completion: Mapping[str, Any]) -> dict[str, Any]:
    decision = completion["decision"]
    about = {"trace_id": completion["id"], "prompt_id": prompt["id"], "part": None if decision is None else decision["part"]}
    return about | {name: completion[name] for name in _OF_TRACE} | {name: prompt[name] for name in _OF_PROMPT}
