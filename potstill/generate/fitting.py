"""Whether prompts and teachers fit what is asked of them; found before a teacher is paid."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from potstill.errors import CapabilityError, InputError
from potstill.generate.routing import takers
from potstill.models import Teacher
from potstill.models.recorded import RecordedTeacher
from potstill.recipe import Recipe
from potstill.recipe.sections import GenerateSection
from potstill.store.artifact import Artifact
from potstill.store.tables import rows
from potstill.types import Prompt


def check_mode(prompts: Sequence[Prompt], settings: GenerateSection) -> None:
    """Whether the prompts can be answered, or scored, as the section `generate` says.

    Raises:
        InputError: a conversation is to be scored, or a context to stand before a plain text.
    """
    for prompt in prompts:
        if settings.mode == "score" and prompt.messages:
            fix = 'use mode = "draw", or sources of plain text (text:PATH)'
            raise InputError('mode = "score" scores plain texts, and this prompt is a conversation', where=prompt.source, fix=fix)
        if settings.context and not prompt.messages:
            fix = "leave generate.context out, or ask questions"
            raise InputError("a context stands before a question, and this prompt is plain text", where=prompt.source, fix=fix)


def check_scorers(teachers: Sequence[Teacher], settings: GenerateSection) -> None:
    """Whether the teachers can score, where they must.

    Raises:
        CapabilityError: a teacher cannot score texts.
    """
    if settings.mode == "score" or settings.committee:
        change = 'use mode = "draw"' if settings.mode == "score" else "leave generate.committee out"
        for teacher in teachers:
            if "score" not in teacher.gives:
                raise CapabilityError("this teacher cannot score texts", where=teacher.name, fix=f"{change}, or take another teacher")


def check_revisers(teachers: Sequence[Teacher], settings: GenerateSection) -> None:
    """Whether the teachers can be asked again, where they are to revise their answers.

    Raises:
        CapabilityError: a teacher is a file of answers, or a classifier.
    """
    for teacher in teachers if settings.revision is not None else ():
        if isinstance(teacher, RecordedTeacher) or "classes" in teacher.gives:
            fix = "leave generate.revision out, use the filter `constitution`, or take another teacher"
            raise CapabilityError("this teacher cannot be asked for a revision", where=teacher.name, fix=fix)


def expected(prompts: Artifact, recipe: Recipe) -> int:
    """How many answers the teachers are asked for, n to each prompt; every prompt is held against the mode and has a teacher.

    Raises:
        RecipeError: a prompt has no teacher.
        InputError: a prompt does not fit the mode.
    """
    teachers: dict[str, int] = {}
    total = 0
    for table in prompts.stream("prompts"):
        if recipe.generate.mode == "score" or recipe.generate.context:
            check_mode(list(rows(_unfit(table, recipe.generate), Prompt)), recipe.generate)
        for one in pc.value_counts(table["domain"]).to_pylist():
            domain = one["values"]
            if domain not in teachers:
                first = table.slice(pc.index(table["domain"], domain).as_py(), 1)
                teachers[domain] = len(takers(next(rows(first, Prompt)), recipe.teachers))
            total += one["counts"] * teachers[domain]
    return recipe.generate.n * total


def _unfit(table: pa.Table, settings: GenerateSection) -> pa.Table:
    """The first prompt that does not fit the mode, if any."""
    talk = pc.greater(pc.list_value_length(table["messages"]), 0)
    return table.filter(talk if settings.mode == "score" else pc.invert(talk)).slice(0, 1)
