"""The plan that `potstill check` shows: the recipe as resolved, its parts and teachers, and what a run would take."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from potstill.check.agreement import TELLS, Part, agree, fit_prompts, parts
from potstill.check.counting import count, find_prompts, malformed
from potstill.check.estimate import CHARACTERS_A_TOKEN, Counts, Machine, Size, Take, bill, cost, cpu, estimate, gpu
from potstill.check.keys import missing_keys
from potstill.check.sizes import student_size, teacher_size
from potstill.models import open_teacher
from potstill.recipe import Recipe, dump
from potstill.report.words import compact, duration, factor, size_of

UNKNOWN = "?"


@dataclass(frozen=True)
class Plan:
    """What a recipe would do.

    Attributes:
        recipe: as resolved.
        parts: every part that it names.
        gives: for each teacher what it can tell.
        teachers, student: their sizes.
        counts: of the prompts.
        machine: that the estimate assumes.
        takes: what the stages that cost anything take.
        oddities: what is wrong with some prompts, and with keys that are not set here.
    """

    recipe: Recipe
    parts: tuple[Part, ...]
    gives: tuple[frozenset[str], ...]
    teachers: tuple[Size, ...]
    student: Size
    counts: Counts
    machine: Machine
    takes: tuple[Take, ...]
    oddities: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """The plan as plain values."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "parts": [asdict(part) | {"needs": sorted(part.needs)} for part in self.parts],
            "teachers": [asdict(size) | {"gives": sorted(gives)} for size, gives in zip(self.teachers, self.gives, strict=True)],
            "student": asdict(self.student),
            "counts": asdict(self.counts),
            "machine": asdict(self.machine),
            "takes": [asdict(take) for take in self.takes],
            "cost_usd": cost(self.takes, self.machine),
            "endpoints_usd": bill(self.recipe, self.counts),
            "warnings": list(self.warnings()),
        }

    def lines(self) -> list[str]:
        """The plan for people."""
        told = [dump(self.recipe), *self._models(), "", *self._parts(), "", *self._counts(), "", *self._takes()]
        warnings = [f"warning: {warning}" for warning in self.warnings()]
        return [*told, *([""] if warnings else []), *warnings]

    def warnings(self) -> Iterator[str]:
        """What is allowed and looks like a slip."""
        if self.counts.in_both:
            yield f"{self.counts.in_both} prompts of [prompts] also validate or evaluate; they will not be trained on"
        for teacher in self.recipe.teachers:
            if teacher.served and teacher.train_on_outputs == "unknown":
                yield f"whether the terms of {teacher.model} allow training on its answers is not stated (train_on_outputs)"
            if teacher.train_on_outputs == "forbidden" and teacher.accept_terms:
                yield f"the terms of {teacher.model} forbid training on its answers, and the recipe accepts that: {teacher.accept_terms}"
        if self.student.parameters and any(size.parameters and size.parameters < self.student.parameters for size in self.teachers):
            yield "the student is larger than a teacher"
        yield from self.oddities

    def _models(self) -> Iterator[str]:
        rows = [("", "parameters", "gives", "model")]
        for size, gives in zip(self.teachers, self.gives, strict=True):
            told = ", ".join(told for gift, told in TELLS.items() if gift in gives)
            rows.append(("teacher", _number(size.parameters), told, size.name))
        rows.append(("student", _number(self.student.parameters), _smaller(self.teachers[0], self.student), self.student.name))
        yield from _table(rows)

    def _parts(self) -> Iterator[str]:
        rows = [("part", "", "version", "needs of the teacher")]
        for part in self.parts:
            needs = ", ".join(TELLS.get(need, need) for need in sorted(part.needs))
            rows.append((part.where, f"{part.kind} {part.name}", part.version, f"{needs}: given" if needs else ""))
        yield from _table(rows)

    def _counts(self) -> Iterator[str]:
        yield f"prompts: {_number(self.counts.prompts)} for the teachers, {_number(self.counts.evaluation)} to measure on"

    def _takes(self) -> Iterator[str]:
        rows = [("at most", "tokens", "operations", "time", "memory", "on disk")]
        for take in self.takes:
            numbers = (_of(take.tokens, compact), _of(take.operations, "{:.1e}".format), _of(take.seconds, duration))
            rows.append((take.stage, *numbers, _of(take.memory, size_of), _of(take.disk, size_of)))
        yield from _table(rows)
        dollars = cost(self.takes, self.machine)
        price = f"{self.machine.price:g} USD an hour{' and core' if self.machine.units > 1 else ''}"
        yield f"together {_of(_together(self.takes), duration)} on {self.machine.name}, {_of(dollars, '{:.4f}'.format)} USD at {price}"
        if any(teacher.served for teacher in self.recipe.teachers):
            paid = _of(bill(self.recipe, self.counts), _dollars)
            yield f"endpoints are paid at most {paid} USD by the recipe's prices, without the doctor's, a judge's and repeated requests"
        each = " on each core" if self.machine.units > 1 else ""
        yield (
            f"assumed: {self.machine.training:.1e} operations a second in training and {self.machine.answering:.1e} in answering{each},"
            f" {CHARACTERS_A_TOKEN:g} characters a token of a prompt, every answer as long as it may be; no more than an order of magnitude"
        )


def plan(recipe: Recipe) -> Plan:
    """Check a recipe, and estimate what a run of it takes. Nothing is written and nothing is spent; no weights are read.

    Raises:
        RecipeError, CapabilityError, ModelError, InputError: as `agree` and `fit_prompts`, or a source that cannot be read or is empty.
    """
    agree(recipe)
    sizes = [teacher_size(section) for section in recipe.teachers]
    student, found, machine = student_size(recipe), find_prompts(recipe), _this_machine()
    oddities = (*missing_keys(recipe), *malformed(found), *fit_prompts(recipe, found.asked, found.held))
    counts = count(found)
    takes = estimate(recipe, sizes, student, counts, machine)
    gives = tuple(open_teacher(section).gives for section in recipe.teachers)
    return Plan(recipe, parts(recipe), gives, tuple(sizes), student, counts, machine, tuple(takes), oddities)


def _this_machine() -> Machine:
    return gpu(torch.cuda.get_device_name()) if torch.cuda.is_available() else cpu(os.cpu_count() or 1)


def _together(takes: Sequence[Take]) -> float | None:
    seconds = [take.seconds for take in takes]
    return None if None in seconds else sum(second for second in seconds if second is not None)


def _smaller(teacher: Size, student: Size) -> str:
    if not teacher.parameters or not student.parameters:
        return ""
    return f"{factor(teacher.parameters / student.parameters)} fewer than its first teacher"


def _number(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count:,}"


def _dollars(amount: float) -> str:
    """Four significant digits, and whole dollars of a thousand and more."""
    if amount >= 1000:
        return f"{amount:,.0f}"
    places = 3 - math.floor(math.log10(amount)) if amount else 0
    return f"{amount:.{places}f}"


def _of(value: float | None, shown: Any) -> str:
    return UNKNOWN if value is None else str(shown(value))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows in columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
