"""What a filter is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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

    Verdicts depend on the traces as a set: neither on their order nor on chance.
    """

    Settings: type[FilterSettings]

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: Any) -> list[Verdict]:
        """One verdict a trace, in the traces' order.

        Args:
            traces: what to judge.
            prompts: prompt id -> prompt, for every trace.
            settings: an instance of `Settings`.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadyFilter:
    """A filter of the recipe with its settings checked."""

    info: PartInfo
    part: Filter
    settings: FilterSettings

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt]) -> list[Verdict]:
        """One verdict a trace, in the traces' order."""
        return self.part.judge(traces, prompts, self.settings)


def ready(section: FilterSection, where: str) -> ReadyFilter:
    """The filter that a recipe's section asks for.

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
