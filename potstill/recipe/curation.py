"""The sections of curation: sources, labels, filters, mixtures, and the policy over verdicts."""

from __future__ import annotations

from typing import Any, Self

from pydantic import ConfigDict, Field, FiniteFloat, SerializerFunctionWrapHandler, model_serializer, model_validator

from potstill.recipe.section import Fault, Section


class SourceTable(Section):
    """One source of prompts, with what holds for it alone; in a recipe a table, or the source's name where nothing else is said."""

    source: str = Field(description="As in a list of names.")
    columns: dict[str, str] | None = Field(None, description="This source's columns; none: the section's.")
    template: str | None = Field(None, description="How its prompts are put; none: as the section says.")
    grader: str | None = Field(None, description="The judge of its answers; none: the section's.")
    limit: int | None = Field(None, ge=1, description="At most so many prompts of it; none: the section's.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return {"source": given} if isinstance(given, str) else given

    @model_serializer(mode="wrap")
    def _as_written(self, write: SerializerFunctionWrapHandler) -> Any:
        alone = all(getattr(self, name) is None for name in type(self).model_fields if name != "source")
        return self.source if alone else write(self)


class SourceSection(Section):
    """What the sections that read prompts share."""

    sources: tuple[SourceTable, ...] = Field(
        description="`PATH.jsonl` (or csv, parquet, json, txt), a folder, `hf:dataset:split`, `world:skill,…?n=2000`,"
        " `text:PATH?bytes=0:60000&window=256&stride=64`, `mined:RUN`, `stdin:jsonl`; or tables, as"
        ' `{source = "a.csv", columns = {prompt = "question"}}`.'
    )
    columns: dict[str, str] = Field(
        {},
        description="What is wanted (prompt, reference, skill, licence, …) -> the file's column that holds it (`a.b` within one,"
        " `{a} {b}` of several, `a?x=y` where x stands for y), or the label: `=MIT`.",
    )
    template: str | None = Field(None, description="How a prompt is put, with `{prompt}` where it goes: `Q: {prompt}`.")
    grader: str | None = Field(None, description="The judge that tells a right answer: `number`, `exact`, `choice`, `world`, …")

    @property
    def names(self) -> tuple[str, ...]:
        """The sources, as their names alone."""
        return tuple(one.source for one in self.sources)


class FilterSection(Section):
    """One filter; the keys beside `kind` are that filter's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(min_length=1, description="The filter: `answer`, `duplicate`, `hazard`, …; `potstill list filters` shows all.")

    @property
    def settings(self) -> dict[str, Any]:
        """The filter's own settings, as written."""
        return dict(self.model_extra or {})


class LabelSection(Section):
    """One labeller of prompts; the keys beside `kind` are that labeller's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(min_length=1, description="The labeller: `rule`, `classifier`, `teacher`, `language`; `potstill list labellers`.")

    @property
    def settings(self) -> dict[str, Any]:
        """The labeller's own settings, as written."""
        return dict(self.model_extra or {})


class BalanceSection(Section):
    """How a mixture is made of prompts, or of kept traces, so that no kind of them drowns the others."""

    by: str | tuple[str, ...] = Field(
        "domain", description="What tells them apart: `domain`, `broad_domain`, `skill`, `length`, `difficulty`, `source`, …, or several."
    )
    target: dict[str, FiniteFloat] = Field(
        {}, description="A kind's share, as `{math = 0.5}`; kinds not named have what is left of 1, as they stand to each other."
    )
    temperature: FiniteFloat | None = Field(
        None, ge=1, description="Shares as n^(1/temperature) of the n there are: 1 leaves them as they are; none: all alike."
    )
    cap: FiniteFloat | None = Field(None, gt=0, le=1, description="The largest share that a kind may have.")
    max_upsampling: int = Field(4, ge=1, description="One and the same is drawn at most so often.")
    total: int | None = Field(None, ge=1, description="How many are drawn in all; none: as many as there are.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The names in `by`."""
        return (self.by,) if isinstance(self.by, str) else self.by

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.target and self.temperature is not None:
            raise Fault("temperature", "target and temperature exclude each other: set one of them")
        if any(share < 0 for share in self.target.values()) or sum(self.target.values()) > 1 + 1e-9:
            raise Fault("target", "the shares of a target are at least 0, and together at most 1")
        if not self.labels:
            raise Fault("by", "by names nothing that could tell the prompts apart")
        return self


class SplitSection(Section):
    """Which shares of the prompts are held out; near-duplicates go together, so that none is trained on beside its like."""

    validation: FiniteFloat = Field(0.0, ge=0, lt=1, description="The share on which training is validated.")
    evaluation: FiniteFloat = Field(0.0, ge=0, lt=1, description="The share that only evaluates.")

    @model_validator(mode="after")
    def _leaves_some(self) -> Self:
        if self.validation + self.evaluation >= 1:
            raise Fault("evaluation", "the shares held out leave nothing to train on")
        return self


class PromptsSection(SourceSection):
    """What the teachers are asked."""

    sources: tuple[SourceTable, ...] = Field(min_length=1, description=str(SourceSection.model_fields["sources"].description))
    limit: int | None = Field(None, ge=1, description="At most so many prompts of each source.")
    system: str | None = Field(None, description="A system turn before each prompt.")
    validation: tuple[SourceTable, ...] = Field(
        (), description="Sources, with known answers or of plain text, on which training is validated; nothing of them is trained on."
    )
    max_quarantined: FiniteFloat = Field(
        0.05, ge=0, le=1, description="The largest share of a source that may be malformed; a few rows, at most half of them, always may."
    )
    labels: tuple[LabelSection, ...] = Field(
        (), description="Who labels prompts that came without labels: `[[prompts.labels]]`; the first that says something holds."
    )
    filters: tuple[FilterSection, ...] = Field((), description="What sorts the prompts, before a teacher is asked: `[[prompts.filters]]`.")
    balance: BalanceSection | None = Field(
        None, description="Which of the prompts are asked, and how often they are trained on; none: all, once."
    )
    split: SplitSection | None = Field(
        None, description="Shares of the prompts that are held out; none: nothing beside the sources for it."
    )
    wild: tuple[SourceTable, ...] = Field(
        (), description="Sources of what students will be asked in use: the report says how the prompts differ. Nothing is trained on them."
    )


class PolicySection(Section):
    """How the filters' verdicts become a decision; a person's verdict outranks theirs."""

    hazard_votes: int = Field(1, ge=1, description="So many filters must say hazard.")
    noise_votes: int = Field(1, ge=1, description="So many filters must say noise.")


class MeasureSection(Section):
    """On what the errors of filters are measured: `potstill filter --measure`, and for filters of prompts `potstill prompts --measure`."""

    clean: tuple[SourceTable, ...] = Field(
        (SourceTable(source="world:benign"),),
        min_length=1,
        description="Sources of prompts with answers as references that every filter should keep, as in `[prompts]`; else `world:benign`.",
    )
    columns: dict[str, str] = Field({}, description="As in `[prompts]`, for these sources.")
    grader: str | None = Field(None, description="The judge that tells a right answer, where a prompt names none.")
    n: int = Field(500, ge=1, description="At most so many of them, drawn at random, are judged.")
    faults: int = Field(200, ge=1, description="At most so many faults of each kind are put among them.")
