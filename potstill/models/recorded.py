"""Answers on file as a teacher: a black box that answered once.

    [[teachers]]
    model   = "recorded:answers.jsonl"
    columns = {prompt = "question", answer = "output"}

The file has a row an answer, in any format of `potstill.text.rows`:

| wanted | column by default | what it holds |
|---|---|---|
| `prompt` | `prompt` | the last user turn, as the prompt source gives it (before a template) or as it is asked |
| `answer` | `answer` | the text answered; an empty cell is an answer that was not given |
| `finish_reason` | none | `stop`, `length`, `content_filter` or `error`; `stop` where there is none |

Several rows of one prompt are its draws, in the file's order. The name may carry settings, as an address does:

- `recorded:rationales_*.json?prompts=train.json`: answers and prompts in parallel files, row by row. A `*` stands for several files,
  put together in the order of their names; the answers of a JSON list of strings are in the column `value`.
- `?cut=%0A%0AQ:`: of each answer only what stands before this text (here a line break twice, then `Q:`).
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import get_args

from potstill.errors import CapabilityError, InputError, ModelError
from potstill.models.base import NOTHING, Answer, Given, Keep, Options, Sampling
from potstill.recipe.paths import existing, expand
from potstill.registry import did_you_mean, part
from potstill.store.artifact import digest_file
from potstill.text.rows import Row, cell, read_rows
from potstill.text.specs import split_spec
from potstill.types import FinishReason, Prompt, digest

WANTED = ("prompt", "answer", "finish_reason")
SETTINGS = ("prompts", "cut")


@part("model", "recorded", version="1")
def open_recorded(name: str, options: Options) -> RecordedTeacher:
    """Answers on file: `recorded:FILE`, its columns mapped in the recipe; gives text only.

    Raises:
        InputError: a file is missing or malformed.
        ModelError: an unknown setting or column.
    """
    return RecordedTeacher(name, options)


class RecordedTeacher:
    """A file of prompts and answers; see the module for its format."""

    gives = frozenset({"text"})

    def __init__(self, name: str, options: Options) -> None:
        self.name = f"recorded:{name}"
        path, settings = split_spec(name, SETTINGS, where=self.name)
        unknown = [want for want in options.columns if want not in WANTED]
        if unknown:
            raise ModelError(f"unknown column {unknown[0]!r}", where=self.name, fix=did_you_mean(unknown[0], list(WANTED)))
        self._columns = dict(options.columns)
        self._cut = settings.get("cut")
        self._answer_files = _files(path, self.name)
        self._prompt_files = _files(settings["prompts"], self.name) if "prompts" in settings else None

    def identity(self) -> dict[str, str]:
        """Digests of the files, and how they are read."""
        files = [*self._answer_files, *(self._prompt_files or ())]
        return {"files": digest([digest_file(path) for path in files]), "columns": digest(self._columns), "cut": self._cut or ""}

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """The recorded answers of the draws asked for, or as many of them as there are.

        Raises:
            ModelError: there is no recorded answer to a prompt.
        """
        return [self._recorded_for(prompt)[sampling.first : sampling.first + sampling.n] for prompt in prompts]

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """Always refused.

        Raises:
            CapabilityError: a file scores nothing.
        """
        fix = 'use mode = "draw", or a teacher that is a model'
        raise CapabilityError("recorded answers cannot score a text", where=self.name, fix=fix)

    def questions(self, count: int) -> list[str]:
        """The first questions that it has answers to, as they are compared."""
        return list(self._answers)[:count]

    def _recorded_for(self, prompt: Prompt) -> list[Answer]:
        answers = self._answers.get(_key(prompt.question))
        if not answers:
            fix = "map `columns` so that `prompt` is the text that is asked, drop the prompt, or leave [prompts] template out"
            raise ModelError(f"no recorded answer to {prompt.question[:60]!r} ({prompt.source or prompt.id})", where=self.name, fix=fix)
        return answers

    @cached_property
    def _answers(self) -> dict[str, list[Answer]]:
        found: dict[str, list[Answer]] = {}
        for question, where, row in self._rows():
            text = cell(row, self._column("answer", row), where)
            if text is not None:
                found.setdefault(_key(question), []).append(Answer(self._before_cut(text), (), self._finish_reason(row, where)))
        return found

    def _rows(self) -> Iterator[tuple[str, str, Row]]:
        """Each answer's question, place and row."""
        rows = [pair for path in self._answer_files for pair in read_rows(path)]
        if self._prompt_files is None:
            yield from ((self._question(row, where), where, row) for where, row in rows)
            return
        asked = [self._question(row, where) for path in self._prompt_files for where, row in read_rows(path)]
        if len(asked) != len(rows):
            what = f"{len(rows)} answers and {len(asked)} prompts in parallel files"
            raise InputError(what, where=self.name, fix="give both in the same order")
        yield from ((question, where, row) for question, (where, row) in zip(asked, rows, strict=True))

    def _column(self, want: str, row: Row) -> str:
        return self._columns.get(want) or ("value" if want not in row and list(row) == ["value"] else want)

    def _question(self, row: Row, where: str) -> str:
        question = cell(row, self._column("prompt", row), where)
        if question is None:
            raise InputError("the prompt is empty", where=where, fix="drop the row")
        return question

    def _before_cut(self, text: str) -> str:
        return text.partition(self._cut)[0] if self._cut else text

    def _finish_reason(self, row: Row, where: str) -> FinishReason:
        if "finish_reason" not in self._columns:
            return "stop"
        told = cell(row, self._columns["finish_reason"], where) or "stop"
        for reason in get_args(FinishReason):
            if told == reason:
                known: FinishReason = reason
                return known
        raise InputError(f"unknown finish_reason {told!r}", where=where, fix=f"one of: {', '.join(get_args(FinishReason))}")


def _key(question: str) -> str:
    """A question as it is compared: outer spaces do not count."""
    return question.strip()


def _files(pattern: str, where: str) -> list[Path]:
    if "*" not in pattern:
        return [existing(pattern, where)]
    found = [existing(name, where) for name in sorted(glob.glob(expand(pattern)))]
    if not found:
        raise InputError(f"no file matches {expand(pattern)}", where=where, fix="check the path; it starts at the working directory")
    return found
