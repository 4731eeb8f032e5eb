"""What a filter is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationError

from potstill.errors import RecipeError
from potstill.recipe.sections import FilterSection
from potstill.registry import PartInfo, did_you_mean, find
from potstill.types import Prompt, Trace, Verdict


class FilterSettings(BaseModel):
    """A filter's own settings: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(Protocol):
    """Says of each trace where it would put it, and why. A filter names its settings in the class `Settings`, a `FilterSettings`.

    Traces come a batch at a time. Verdicts depend on the traces as a set: neither on their order, nor on how they are cut into batches,
    nor on chance. A filter that looks at one trace at a time needs nothing else; one that compares them is `Comparing`.
    """

    Settings: type[FilterSettings]

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: Any) -> list[Verdict]:
        """One verdict a trace, in the traces' order.

        Args:
            traces: what to judge.
            prompts: prompt id -> prompt, for every one of these traces.
            settings: an instance of `Settings`.
        """
        ...


@runtime_checkable
class Comparing(Protocol):
    """A filter that compares traces with each other: it is shown all of them before the first is judged.

    The stage makes a fresh instance for every run, so what it has seen is its own to keep; it should be a few bytes a trace.
    """

    def collect(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: Any) -> None:
        """Take note of a batch. Draws that were not the best of several are not shown, and are judged all the same.

        Args:
            traces: the batch.
            prompts: prompt id -> prompt, for every one of these traces.
            settings: an instance of the filter's `Settings`.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadyFilter:
    """A filter of the recipe with its settings checked."""

    info: PartInfo
    part: Filter
    settings: FilterSettings

    @property
    def compares(self) -> bool:
        """Whether it must be shown all traces first."""
        return isinstance(self.part, Comparing)

    def collect(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt]) -> None:
        """Show it a batch, where it compares traces."""
        if isinstance(self.part, Comparing):
            self.part.collect(traces, prompts, self.settings)

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt]) -> list[Verdict]:
        """One verdict a trace, in the traces' order."""
        return self.part.judge(traces, prompts, self.settings)


def ready(section: FilterSection, where: str) -> ReadyFilter:
    """The filter that a recipe's section asks for, fresh.

    Raises:
        RecipeError: an unknown filter or setting, or a value that a setting cannot have.
    """
    info = find("filter", section.kind, where=where)
    part: Filter = info.factory()
    try:
        return ReadyFilter(info, part, part.Settings.model_validate(section.settings))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(step) for step in fault["loc"])
        if fault["type"] == "extra_forbidden":
            known = sorted(part.Settings.model_fields)
            fix = did_you_mean(key, known) if known else f"the filter {section.kind!r} has no settings"
            raise RecipeError(f"unknown key {key!r} for the filter {section.kind!r}", where=where, fix=fix) from None
        raise RecipeError(f"{key}: {fault['msg']}", where=where, fix=f"see the filter {section.kind!r}") from None
