"""The sections of a recipe. Unknown keys are refused; a class's defaults are the recommended setting.

Paths stay as they are written, `${POTSTILL_DATA}` included, so that a recipe means the same on every machine; `paths.expand` resolves them
where they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, FiniteFloat, model_validator

from potstill.recipe.curation import (
    BalanceSection,
    FilterSection,
    MeasureSection,
    PolicySection,
    PromptsSection,
    SourceSection,
    SourceTable,
)
from potstill.recipe.models import StudentSection, TeacherSection
from potstill.recipe.ramp import Moves, Ramp
from potstill.recipe.section import Fault, Section


class BestOfSection(Section):
    """Rejection sampling: of the n answers to a prompt the best that passes is kept, and none passing, n more are drawn."""

    judge: str = Field(description="Who scores: `reward:world`, `reward:hf:PATH`, `reward:http…`, `callable:M:F`, `answer` or a judge.")
    least: FiniteFloat = Field(0.5, description="An answer with a lower score does not pass.")
    rounds: int = Field(1, ge=1, description="At most so many times n answers are drawn for a prompt.")


class RevisionSection(Section):
    """Answers that break a rule are revised by the teacher that gave them; both versions are kept as traces."""

    constitution: str = Field(min_length=1, description="The rules: a TOML file of `[[rules]]`.")
    rounds: int = Field(2, ge=1, description="At most so many revisions of an answer, until one keeps every rule; else none of it is kept.")
    mode: Literal["step", "whole"] = Field(
        "step",
        description="`step`: the first step that breaks a rule is rejected, and the teacher goes on from the last good one, where it can; "
        "else, and with `whole`, it is asked to criticise its answer and to give another.",
    )
    temperature: FiniteFloat | None = Field(None, ge=0, description="Sampling temperature of revisions; none: that of the answers.")


class GenerateSection(Section):
    """How the teachers answer."""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset({"batch_size", "token_budget", "usd_budget"})

    mode: Literal["draw", "score"] = Field("draw", description="`draw`: the teacher answers; `score`: it scores the prompts' own text.")
    n: int = Field(1, ge=1, description="Answers to each prompt.")
    temperature: FiniteFloat = Field(
        1.0, ge=0, description="Sampling temperature; 0 takes the most likely token. Stored signals stay at 1."
    )
    top_p: FiniteFloat = Field(1.0, gt=0, le=1, description="Sampling from the most likely tokens that hold this share of the mass.")
    max_new_tokens: int = Field(256, ge=1, description="Longest answer in tokens.")
    batch_size: int = Field(64, ge=1, description="Most answers that a model in this process draws together.")
    shard: int = Field(512, ge=1, description="Prompts a file; an interrupted run goes on after the last whole one.")
    committee: bool = Field(False, description="Every teacher also scores what the others answered; training uses the drawer's.")
    context: str = Field("", description="A system turn that the teachers see and the student never does: a constitution, a safety prompt.")
    best_of: BestOfSection | None = Field(None, description="Keep the best of the n answers by a judge; the others stay, as noise.")
    revision: RevisionSection | None = Field(None, description="Have the teacher revise answers that break a rule: `[generate.revision]`.")
    token_budget: int | None = Field(None, ge=1, description="Most tokens, read and written, asked of endpoints; then it stops.")
    usd_budget: FiniteFloat | None = Field(None, gt=0, description="Most US dollars that endpoints may be paid; needs their prices.")

    @model_validator(mode="after")
    def _draws_differ(self) -> Self:
        if self.n > 1 and self.mode == "score":
            raise Fault("n", "scoring a text gives one trace: n must be 1")
        if self.n > 1 and self.temperature == 0:
            raise Fault("n", f"at temperature 0 all {self.n} answers would be the same")
        if self.best_of is not None and self.mode == "score":
            raise Fault("best_of", "best_of is for answers; a scored text is not drawn")
        if self.context and self.mode == "score":
            raise Fault("context", "a context stands before a question; a scored text is none")
        if self.committee and self.mode == "score":
            raise Fault("committee", 'with mode = "score" every teacher scores the same texts already')
        if self.best_of is not None and self.best_of.rounds > 1 and self.temperature == 0:
            raise Fault("best_of.rounds", "at temperature 0 another round would draw the same again")
        return self

    @model_validator(mode="after")
    def _revisions_differ(self) -> Self:
        if self.revision is None:
            return self
        if self.mode == "score":
            raise Fault("revision", "a revision is of an answer; a scored text is not drawn")
        if self.best_of is not None:
            fix = 'give the rules to the judge instead, as best_of.judge = "constitution:RULES.toml"'
            raise Fault("revision", f"best_of and revision each say which answers are kept: {fix}")
        warmth = self.temperature if self.revision.temperature is None else self.revision.temperature
        if self.revision.mode == "step" and warmth == 0:
            raise Fault("revision.temperature", "at temperature 0 the same step would be drawn again: set revision.temperature above 0")
        return self


class LossSection(Section):
    """One term of the training loss; for a divergence, the keys beside those named here are that divergence's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    kind: str = Field("divergence", min_length=1, description="`divergence` from the teacher, or `cross_entropy` on its tokens.")
    divergence: str = Field(
        "forward_kl", description="Which one: `forward_kl`, `reverse_kl`, `jsd`, …; `potstill list divergences` shows all."
    )
    teacher: Literal["cached", "live"] = Field(
        "cached", description="`cached`: what was kept at generation (`teachers.codec`); `live`: it runs beside."
    )
    temperature: Moves = Field(
        1.0, description="Divides the logits of both before the divergence; of a stored top k the tail is then an estimate."
    )
    standardise: bool = Field(
        False, description="Logits at mean 0 and deviation 1 first; with `live`, or stored hidden states (`teachers.codec`)."
    )
    scale_t2: bool = Field(False, description="Multiply by the squared temperature, which keeps the gradient's size.")
    weight: Moves = Field(1.0, description="The term's weight in the sum.")
    prefixes: Literal["teacher"] = Field("teacher", description="Whose text the positions follow.")

    @model_validator(mode="after")
    def _settings_apply(self) -> Self:
        if self.kind == "cross_entropy":
            for key in ("divergence", "teacher", "temperature", "standardise", "scale_t2"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise Fault(key, f"{key} is for a divergence; cross_entropy does not use it")
            for key in self.settings:
                raise Fault(key, f"cross_entropy has no setting {key!r}")
        for key, least in (("weight", 0.0), ("temperature", 1e-3)):
            ramp = self.ramps.get(key)
            if ramp is not None and min(ramp.start, ramp.end) < least:
                raise Fault(key, f"{key} must be at least {least:g} all along; it goes from {ramp.start:g} to {ramp.end:g}")
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """The divergence's own settings, as written."""
        return dict(self.model_extra or {})

    @property
    def ramps(self) -> dict[str, Ramp]:
        """Key -> how it goes, for the settings that move: those written as tables."""
        named = {key: value for key in ("weight", "temperature") if isinstance(value := getattr(self, key), Ramp)}
        return named | {key: Ramp.model_validate(value) for key, value in self.settings.items() if isinstance(value, dict)}

    def settled(self, values: Mapping[str, float]) -> LossSection:
        """The same loss with these in the place of what moves."""
        return self.model_copy(update=dict(values)) if values else self

    def number(self, key: Literal["weight", "temperature"]) -> float:
        """A setting that is settled.

        Raises:
            ValueError: it moves, and was not settled.
        """
        value = getattr(self, key)
        if isinstance(value, Ramp):
            raise ValueError(f"{key} moves: it has a value at a step alone")
        return float(value)


def _default_epochs(given: dict[str, Any]) -> float | None:
    """Three passes, unless `steps` were given."""
    return 3.0 if given.get("steps") is None else None


class TrainSection(Section):
    """How the student is trained."""

    losses: tuple[LossSection, ...] = Field((LossSection(),), min_length=1, description="The terms of the loss; they are summed.")
    learn: Literal["trace", "answer"] = Field(
        "trace", description="What of a trace is learnt: all of it, or the final answer without its reasoning (a control)."
    )
    steps: int | None = Field(None, ge=1, description="Optimiser steps; instead of `epochs`.")
    epochs: FiniteFloat | None = Field(
        default_factory=_default_epochs, gt=0, description="Passes over the kept traces, 3 by default; instead of `steps`."
    )
    optimizer: Literal["adamw", "muon"] = Field(
        "adamw", description="`muon` steps the inner matrices by Muon and the rest by AdamW: faster for a student that starts from nothing."
    )
    lr: FiniteFloat = Field(1e-3, gt=0, description="Peak learning rate, of either optimiser.")
    warmup: FiniteFloat = Field(0.05, ge=0, lt=1, description="Share of the steps over which the rate rises from 0.")
    schedule: Literal["cosine", "linear", "constant"] = Field("cosine", description="How the rate falls after the warm-up.")
    final_lr: FiniteFloat = Field(0.1, ge=0, le=1, description="The last step's rate as a share of the peak.")
    weight_decay: FiniteFloat = Field(0.01, ge=0, description="Decoupled weight decay, on matrices only.")
    betas: tuple[FiniteFloat, FiniteFloat] = Field((0.9, 0.98), description="AdamW's decay rates of the two moments, each in [0, 1).")
    grad_clip: FiniteFloat = Field(1.0, gt=0, description="The gradient's largest norm.")
    batch_tokens: int = Field(4096, ge=1, description="Tokens a batch, padding included.")
    max_length: int = Field(512, ge=2, description="Longest sequence in tokens; longer ones are cut, and counted.")
    accumulate: int = Field(1, ge=1, description="Batches an optimiser step.")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="`bfloat16` computes in it and keeps the weights in float32.")
    checkpoint_every: int = Field(200, ge=1, description="Steps between checkpoints, from which an interrupted training goes on.")
    validate_every: int | None = Field(None, ge=1, description="Steps between validations on `prompts.validation`; none: never.")
    keep: Literal["last", "best"] = Field("last", description="The weights kept: the last, or those of the lowest validation loss.")
    balance: BalanceSection | None = Field(
        None, description="How often each kept trace is trained on, by its prompt's kind; none: as `prompts.balance` draws its prompt."
    )
    pack: bool = Field(True, description="Put several traces in one row, where the networks keep them from seeing each other.")
    threads: int | None = Field(None, ge=1, description="CPU threads; none: as torch chooses.")

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise Fault("epochs", "steps and epochs exclude each other: set one of them")
        if self.learn == "answer" and any(loss.kind != "cross_entropy" for loss in self.losses):
            raise Fault("learn", "without its reasoning an answer stands after other tokens than the teacher saw: use cross_entropy alone")
        if self.keep == "best" and self.validate_every is None:
            raise Fault("keep", 'keep = "best" needs validate_every')
        if not all(0 <= beta < 1 for beta in self.betas):
            raise Fault("betas", f"betas must be in [0, 1), got {list(self.betas)}")
        return self


class EvaluateSection(SourceSection):
    """What teacher and student are measured on."""

    sources: tuple[SourceTable, ...] = Field((), description="As in `[prompts]`; nothing of it is trained on.")
    per_skill: int | None = Field(None, ge=1, description="At most so many prompts of each skill; none: all.")
    suites: tuple[str, ...] = Field(("capability", "fidelity"), min_length=1, description="What is measured.")
    batch_size: int = Field(64, ge=1, description="Most answers that a model in this process draws together.")
    max_new_tokens: int = Field(256, ge=1, description="Longest answer in tokens.")
    limits: dict[str, FiniteFloat] = Field({}, description="Measure -> the value it must hold; a missed one ends the run with code 2.")


class ExportSection(Section):
    """What the student is written as."""

    formats: tuple[str, ...] = Field(("safetensors", "int8"), min_length=1, description="`safetensors`, `int8`.")


class ReportSection(Section):
    """The page and the model card."""

    title: str | None = Field(None, description="The page's title; none: the recipe's name.")


class Recipe(Section):
    """A whole run file."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="The run's name, and its folder's: letters, digits, dots, dashes and underscores.",
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Everything random follows from it.")
    student: StudentSection = Field(description="The model that is taught.")
    teachers: tuple[TeacherSection, ...] = Field(min_length=1, description="The models that teach.")
    prompts: PromptsSection = Field(description="What the teachers are asked.")
    generate: GenerateSection = Field(GenerateSection(), description="How the teachers answer.")
    filters: tuple[FilterSection, ...] = Field((), description="What sorts the answers into keep, hazard and noise.")
    policy: PolicySection = Field(PolicySection(), description="How verdicts become a decision, on prompts and on answers.")
    measure: MeasureSection = Field(MeasureSection(), description="On what the errors of filters are measured.")
    train: TrainSection = Field(TrainSection(), description="How the student is trained.")
    evaluate: EvaluateSection = Field(EvaluateSection(), description="What teacher and student are measured on.")
    export: ExportSection = Field(ExportSection(), description="What the student is written as.")
    report: ReportSection = Field(ReportSection(), description="The page and the model card.")

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        held = self.prompts.validation or (self.prompts.split is not None and self.prompts.split.validation)
        if self.train.validate_every is not None and not held:
            raise Fault("train.validate_every", "validate_every needs sources in prompts.validation, or a share in prompts.split")
        if self.generate.committee and len(self.teachers) == 1:
            raise Fault("generate.committee", "a committee needs several teachers")
        for i, loss in enumerate(self.train.losses):
            if self.generate.context and loss.teacher == "live":
                raise Fault(f"train.losses.{i}.teacher", "a live teacher is not told generate.context; use the cached signal")
        seen: set[str] = set()
        cached = any(loss.kind == "divergence" and loss.teacher == "cached" for loss in self.train.losses)
        for i, teacher in enumerate(self.teachers):
            if teacher.model in seen:
                raise Fault(f"teachers.{i}.model", f"the teacher {teacher.model} stands twice")
            seen.add(teacher.model)
            if cached and teacher.codec == "top_k" and teacher.top_k == 0:
                raise Fault(f"teachers.{i}.top_k", "a cached divergence needs top_k above 0")
            if self.generate.usd_budget is not None and teacher.served and teacher.price is None:
                raise Fault(f"teachers.{i}.price", "generate.usd_budget needs to know what this endpoint charges")
        return self
