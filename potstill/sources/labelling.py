"""From a row to a prompt: which column holds what.

A wanted name is looked up in `columns`; a name that is not there is looked for in the row itself. A value that begins with `=` is no
column but the label itself: `columns = {prompt = "question", domain = "=math"}`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

from potstill.errors import InputError, RecipeError
from potstill.registry import did_you_mean
from potstill.text.rows import Row, cell
from potstill.types import Half, Intent, Message, Prompt, Role

ASKED = ("prompt", "messages", "system")
LABELS = ("reference", "rationale", "domain", "skill", "grader", "intent", "family", "half", "risk", "wrapper", "licence")
WANTED = (*ASKED, *LABELS)
OF_TEXT = tuple(name for name in LABELS if name not in ("reference", "rationale"))
"""The labels that plain text, which has no columns and asks nothing, can be given."""


def check_columns(columns: Mapping[str, str], where: str) -> None:
    """RecipeError unless every wanted name is one that a prompt has."""
    for name in columns:
        if name not in WANTED:
            raise RecipeError(f"unknown wanted name {name!r} in columns", where=where, fix=did_you_mean(name, list(WANTED)))


def prompt_of(row: Row, where: str, columns: Mapping[str, str], skill: str = "") -> Prompt:
    """The row as a prompt.

    Args:
        row: column -> value.
        where: the row's place; it becomes the prompt's source.
        columns: wanted name -> column.
        skill: where the row names none.

    Raises:
        InputError: nothing is asked in it, or a label is none that a prompt may have.
    """
    return _labelled(_messages(row, where, columns), {name: _label(row, name, where, columns) for name in LABELS}, where, skill)


def text_of(columns: Mapping[str, str], where: str, skill: str) -> Prompt:
    """A plain text without its text, with the labels that `columns` states as `=text`.

    Args:
        columns: wanted name -> label; what plain text cannot have, or what is no label, is passed over.
        where: the source's place.
        skill: where none is stated.

    Raises:
        InputError: a label is none that a prompt may have.
    """
    stated = {name: columns[name][1:] for name in OF_TEXT if columns.get(name, "").startswith("=")}
    return _labelled((), dict.fromkeys(LABELS) | stated, where, skill)


def _labelled(messages: tuple[Message, ...], labels: Mapping[str, str | None], where: str, skill: str) -> Prompt:
    return Prompt(
        messages=messages,
        reference=labels["reference"],
        rationale=labels["rationale"],
        domain=labels["domain"] or "",
        skill=labels["skill"] or skill,
        grader=labels["grader"],
        intent=_one_of(labels["intent"] or "benign", get_args(Intent), "intent", where),
        family=labels["family"],
        half=None if labels["half"] is None else _one_of(labels["half"], get_args(Half), "half", where),
        risk=None if labels["risk"] is None else _share(labels["risk"], where),
        wrapper=labels["wrapper"],
        licence=labels["licence"] or "",
        source=where,
    )


def _label(row: Row, name: str, where: str, columns: Mapping[str, str]) -> str | None:
    column = columns.get(name)
    if column is None:
        return cell(row, name, where) if name in row else None
    return column[1:] if column.startswith("=") else cell(row, column, where)


def _messages(row: Row, where: str, columns: Mapping[str, str]) -> tuple[Message, ...]:
    system = _label(row, "system", where, columns)
    before = () if system is None else (Message("system", system),)
    if "prompt" not in columns and columns.get("messages", "messages") in row:
        return before + _conversation(row[columns.get("messages", "messages")], where)
    if "prompt" not in columns and "prompt" not in row:
        fix = f"map it, as in columns = {{prompt = {next(iter(row), 'question')!r}}}; the row has {', '.join(map(repr, row)) or 'nothing'}"
        raise InputError("no column 'prompt'", where=where, fix=fix)
    question = _label(row, "prompt", where, columns)
    if question is None:
        raise InputError("the prompt is empty", where=where, fix="drop the row")
    return (*before, Message("user", question))


def _conversation(value: Any, where: str) -> tuple[Message, ...]:
    fix = 'write [{"role": "user", "content": "..."}], ending with the turn that is to be answered'
    if not isinstance(value, list) or not all(isinstance(turn, dict) and isinstance(turn.get("content"), str) for turn in value):
        raise InputError("messages is no list of turns with a content", where=where, fix=fix)
    turns = tuple(Message(_one_of(turn.get("role"), get_args(Role), "role", where), turn["content"]) for turn in value)
    if not turns or turns[-1].role != "user":
        raise InputError("the conversation does not end with a user's turn", where=where, fix=fix)
    return turns


def _one_of(value: Any, known: Collection[str], what: str, where: str) -> Any:
    if value not in known:
        raise InputError(f"unknown {what} {value!r}", where=where, fix=f"one of: {', '.join(known)}")
    return value


def _share(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"risk {text!r} is no number from 0 to 1", where=where)
    return value
