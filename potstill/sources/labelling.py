"""From a row to a prompt: which column holds what.

A wanted name is looked up in `columns`; a name that is not there is looked for in the row itself. `a.b` is the value `b` within the column
`a`; `{a} {b}` is a text with the cells of several columns in it; `a?x=y&z=w` is the column `a`, where `x` stands for `y` and `z` for `w`.
A value that begins with `=` is no column but the label itself: `columns = {prompt = "question", domain = "=math"}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast, get_args
from urllib.parse import parse_qsl

from potstill.errors import InputError, RecipeError
from potstill.registry import did_you_mean, names
from potstill.sources.choices import Choices, choices_of
from potstill.text.lines import Rejected
from potstill.text.rows import Row, cell, value_of
from potstill.types import Half, Intent, Message, Prompt, Role

ASKED = ("prompt", "messages", "system", "choices")
LABELS = (
    *("reference", "rationale", "domain", "skill", "grader", "intent", "family", "half", "risk", "wrapper", "twin_of", "language"),
    "licence",
)
WANTED = (*ASKED, *LABELS)
OF_TEXT = tuple(name for name in LABELS if name not in ("reference", "rationale"))
"""The labels that plain text, which has no columns and asks nothing, can be given."""
SPEAKERS: Mapping[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
}
"""Who speaks, as chat data call them."""
INTENTS: Mapping[str, Intent] = {"safe": "benign", "harmless": "benign", "unsafe": "hazard", "harmful": "hazard"}
"""What safety data call an intent."""
CHAT = ("messages", "conversations")
"""Columns in which a conversation stands where the recipe does not say."""
GIVEN = "given"
"""`labelled_by` of a prompt as its row is."""
BENIGN = " (benign)"
"""Stands in `labelled_by` behind who said that a prompt is benign: a row, or a recipe, that says nothing leaves it benign too."""
CHOICE = "choice"
"""The grader of a question with options."""
_SLOT = re.compile(r"\{([^{}]+)\}")


def check_columns(columns: Mapping[str, str], where: str) -> None:
    """RecipeError unless every wanted name is one that a prompt has, and every label that is stated is one that it may have."""
    for name, column in columns.items():
        if name not in WANTED:
            raise RecipeError(f"unknown wanted name {name!r} in columns", where=where, fix=did_you_mean(name, list(WANTED)))
        for label in _stated(column):
            try:
                if name in _CHECKED:
                    _CHECKED[name](label, where)
            except InputError as error:
                raise RecipeError(error.what, where=f"{where} columns.{name} = {column!r}", fix=error.fix) from None


def _stated(column: str) -> list[str]:
    """The labels that an entry of `columns` states: `=A`, and those that stand for values, `b` of `column?a=b`."""
    if column.startswith("="):
        return [column[1:]]
    return [label for _, label in parse_qsl(column.partition("?")[2])]


def sifted(row: Row | Rejected, where: str, columns: Mapping[str, str], skill: str = "") -> Prompt | Rejected:
    """The row as a prompt, as `prompt_of`, or what is wrong with it."""
    if isinstance(row, Rejected):
        return row
    try:
        return prompt_of(row, where, columns, skill)
    except InputError as error:
        return Rejected.of(error, json.dumps(row, ensure_ascii=False, default=str))


def prompt_of(row: Row, where: str, columns: Mapping[str, str], skill: str = "") -> Prompt:
    """The row as a prompt.

    A conversation that ends with an assistant's turn is asked without it; the turn is the reference, where the row has no other. A question
    with choices has them below it, lettered, and the letter of the right one as reference.

    Args:
        row: column -> value.
        where: the row's place; it becomes the prompt's source.
        columns: wanted name -> column.
        skill: where the row names none.

    Raises:
        InputError: nothing is asked in it, or a label is none that a prompt may have.
    """
    messages, said = _messages(row, where, columns)
    choices = _choices(row, where, columns)
    plain = [name for name in LABELS if name != "reference" or choices is None]
    labels = {name: _label(row, name, where, columns) for name in plain}
    if choices is None:
        labels["reference"] = labels["reference"] or said
        return _labelled(messages, labels, where, skill)
    labels["reference"] = _right(row, choices, where, columns)
    labels["grader"] = labels["grader"] or CHOICE
    asked = (*messages[:-1], Message("user", choices.lettered(messages[-1].content)))
    return _labelled(asked, labels, where, skill, choices.options)


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


def _labelled(
    messages: tuple[Message, ...], labels: Mapping[str, str | None], where: str, skill: str, choices: tuple[str, ...] = ()
) -> Prompt:
    intent = _intent(labels["intent"] or "benign", where)
    return Prompt(
        messages=messages,
        reference=labels["reference"],
        rationale=labels["rationale"],
        domain=labels["domain"] or "",
        skill=labels["skill"] or skill,
        grader=None if labels["grader"] is None else _grader(labels["grader"], where),
        intent=intent,
        family=labels["family"],
        half=None if labels["half"] is None else _half(labels["half"], where),
        risk=None if labels["risk"] is None else _share(labels["risk"], where),
        wrapper=labels["wrapper"],
        twin_of=labels["twin_of"],
        choices=choices,
        language=labels["language"] or "",
        licence=labels["licence"] or "",
        labelled_by=GIVEN + BENIGN * (labels["intent"] is not None and intent == "benign"),
        source=where,
    )


def _label(row: Row, name: str, where: str, columns: Mapping[str, str]) -> str | None:
    column = columns.get(name)
    if column is None:
        return cell(row, name, where) if name in row else None
    if column.startswith("="):
        return column[1:]
    if "{" in column and column not in row:
        return _SLOT.sub(lambda slot: cell(row, slot[1], where) or "", column).strip() or None
    named, stands, query = column.partition("?")
    if not stands or column in row:
        return cell(row, column, where)
    value = cell(row, named, where)
    return None if value is None else dict(parse_qsl(query)).get(value, value)


def _choices(row: Row, where: str, columns: Mapping[str, str]) -> Choices | None:
    column = columns.get("choices", "choices")
    return choices_of(row, column, where) if "choices" in columns or column in row else None


def _right(row: Row, choices: Choices, where: str, columns: Mapping[str, str]) -> str | None:
    """The letter of the right choice; None where the row has no answer."""
    column = columns.get("reference", "reference")
    if column.startswith("="):
        return choices.letter(column[1:], where)
    answer = value_of(row, column, where) if "reference" in columns else row.get(column)
    return None if answer is None or answer == "" else choices.letter(answer, where)


def _messages(row: Row, where: str, columns: Mapping[str, str]) -> tuple[tuple[Message, ...], str | None]:
    """What is asked, and what was answered to it in a conversation that goes on."""
    system = _label(row, "system", where, columns)
    before = () if system is None else (Message("system", system),)
    if "prompt" not in columns:
        column = columns.get("messages") or next((name for name in CHAT if name in row), "prompt")
        if column != "prompt":
            turns, said = _conversation(value_of(row, column, where), where)
            return before + turns, said
        if "prompt" not in row:
            there = ", ".join(map(repr, row)) or "nothing"
            fix = f"map it, as in columns = {{prompt = {next(iter(row), 'question')!r}}}; the row has {there}"
            raise InputError("no column 'prompt'", where=where, fix=fix)
    question = _label(row, "prompt", where, columns)
    if question is None or not question.strip():
        raise InputError("the prompt is empty", where=where, fix="drop the row")
    return (*before, Message("user", question)), None


def _conversation(value: Any, where: str) -> tuple[tuple[Message, ...], str | None]:
    """The turns up to the one that is to be answered, and the answer where one stands behind it."""
    fix = 'write [{"role": "user", "content": "..."}], with the turn that is to be answered at the end or before the answer'
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise InputError("messages is no list of turns with a content", where=where, fix=fix)
    turns = [_turn(turn, where, fix) for turn in value]
    said = turns.pop().content if turns and turns[-1].role == "assistant" else None
    if not turns or turns[-1].role != "user":
        raise InputError("the conversation does not end with a user's turn", where=where, fix=fix)
    if not turns[-1].content.strip():
        raise InputError("the prompt is empty", where=where, fix="drop the row")
    return tuple(turns), said


def _turn(turn: Mapping[str, Any], where: str, fix: str) -> Message:
    """A turn: who speaks under `role` or `from`, what under `content` or `value`."""
    content = turn.get("content", turn.get("value"))
    if not isinstance(content, str):
        raise InputError("messages is no list of turns with a content", where=where, fix=fix)
    return Message(SPEAKERS[_one_of(turn.get("role", turn.get("from")), SPEAKERS, "role", where)], content)


def _one_of(value: Any, known: Collection[str], what: str, where: str) -> Any:
    if value not in known:
        raise InputError(f"unknown {what} {value!r}", where=where, fix=f"one of: {', '.join(known)}")
    return value


def _intent(text: str, where: str) -> Intent:
    return cast(Intent, _one_of(INTENTS.get(text, text), get_args(Intent), "intent", where))


def _half(text: str, where: str) -> Half:
    return cast(Half, _one_of(text, get_args(Half), "half", where))


def _share(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"risk {text!r} is no number from 0 to 1", where=where)
    return value


def _grader(text: str, where: str) -> str | None:
    """The name of a judge; None for an empty one, which is how a mapping says that a row has none."""
    if text and text not in names("judge"):
        fix = f'{did_you_mean(text, names("judge"))} Where the column is about something else, columns = {{grader = "="}}'
        raise InputError(f"unknown judge {text!r} as grader", where=where, fix=fix)
    return text or None


_CHECKED: Mapping[str, Callable[[str, str], object]] = {"intent": _intent, "half": _half, "risk": _share, "grader": _grader}
"""The labels that not every text can be -> what raises where it cannot."""
