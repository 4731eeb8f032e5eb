"""The sections of a recipe. Unknown keys are refused; a class's defaults are the recommended setting.

Paths stay as they are written, `${POTSTILL_DATA}` included, so that a recipe means the same on every machine; `paths.expand` resolves them
where they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, SerializerFunctionWrapHandler, model_serializer, model_validator

from potstill.types import TrainOnOutputs

Dtype = Literal["float32", "bfloat16", "float16"]
KEY_NAMES = frozenset(
    {
        *("api_key", "apikey", "api-key", "x-api-key", "key", "token", "access_token", "auth", "authorization", "proxy-authorization"),
        *("password", "secret", "sig", "signature"),
    }
)
"""What settings that hold a server's key are called, in small letters."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?i:sk_).*|(?=.*\d)(?=.*[a-z]).{20,}|(?=.*\d)[A-F0-9]{24,}")
"""Names that are more likely a key: with the prefix that hosted servers give theirs, or long and of mixed signs."""
_SERVED = ("http", "https")


def is_served(model: str) -> bool:
    """Whether a model, as a recipe writes it, is behind a server: one that is asked over a network, and may have to be paid."""
    return model.partition(":")[0] in _SERVED


class Fault(ValueError):
    """Settings that cannot stand together, told of the key at which the reader should look."""

    def __init__(self, key: str, what: str) -> None:
        self.key, self.what = key, what
        super().__init__(what)


def names_variable(name: str) -> bool:
    """Whether it is the name of an environment variable, and not the key that should be in one."""
    return _VARIABLE.fullmatch(name) is not None and _LIKE_A_KEY.fullmatch(name) is None


def _key_paths(values: Any, path: str) -> Iterator[str]:
    """Where in tables and lists a setting is called as one that holds a key."""
    inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list | tuple) else ()
    for name, value in inner:
        if str(name).lower() in KEY_NAMES:
            yield f"{path}.{name}"
        yield from _key_paths(value, f"{path}.{name}")


class Section(BaseModel):
    """A part of the recipe: frozen, and without unknown keys. Its errors do not show values, among which a key may be."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    INCIDENTAL: ClassVar[frozenset[str]] = frozenset()
    """Settings that say how the work is done, not what comes of it; changing one makes nothing anew."""

    def decisive(self) -> dict[str, Any]:
        """The settings on which the outcome depends."""
        return self.model_dump(exclude=set(self.INCIDENTAL))


class ModelSection(Section):
    """What a student's and a teacher's section share."""

    model: str = Field(pattern=r"^[a-z]+:.+", description="The model: a kind, a colon and a name, as in `hf:Qwen/Qwen3-0.6B`.")
    revision: str | None = Field(None, description="The revision on the hub: a branch, a tag or a commit; none: its default branch.")
    dtype: Dtype = Field("float32", description="The number type that the weights are loaded in.")
    remote_code: bool = Field(False, description="Run the code that the model's repository brings; only with a pinned `revision`.")

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.remote_code and self.revision is None:
            raise Fault("remote_code", "remote_code needs a revision: code that can change must not run unseen")
        return self


class StudentSection(ModelSection):
    """The model that is taught."""

    model: str = Field(
        pattern=r"^(hf|new):.+", description="`hf:PATH` or `hf:HUB-ID`, or `new:llama` for fresh weights of that transformers model type."
    )
    config: dict[str, Any] = Field({}, description="For `new:`: settings of the transformers configuration, as `hidden_size = 64`.")
    tokenizer: str | None = Field(None, description="`hf:PATH` or `world:a`; none: its own, or for `new:` the first teacher's.")
    chat_template: str | None = Field(None, description="A chat template (Jinja), for a tokenizer that has none.")

    @model_validator(mode="after")
    def _config_of_new(self) -> Self:
        if self.config and not self.model.startswith("new:"):
            raise Fault("config", f"config is for a new model; {self.model} has its own")
        return self


class PriceSection(Section):
    """What an endpoint charges, in US dollars a million tokens."""

    input: FiniteFloat = Field(ge=0, description="Tokens read.")
    output: FiniteFloat = Field(ge=0, description="Tokens written, reasoning included.")
    cached_input: FiniteFloat | None = Field(None, ge=0, description="Tokens read from the server's cache; none: as `input`.")


class TeacherSection(ModelSection):
    """A model, an endpoint or a file of answers, that teaches."""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset({"api_key_env", "concurrency", "timeout", "batch"})

    model: str = Field(
        pattern=r"^[a-z]+:.+",
        description="`hf:PATH-or-HUB-ID`, `http://HOST/v1#MODEL`, `world:base`, `recorded:FILE` or `fake:…`.",
    )
    codec: str = Field("top_k", description="How its distribution is kept at each position: `top_k`, `sampled` or `hidden_states`.")
    top_k: int = Field(20, ge=0, description="How many of its most likely tokens are kept at each position; 0 keeps none.")
    draws: int = Field(12, ge=1, description="For the codec `sampled`: how many tokens are drawn at each position.")
    domains: tuple[str, ...] = Field((), description="The domains of the prompts it answers; none: those that no other teacher names.")
    columns: dict[str, str] = Field({}, description="For `recorded:`: what is wanted -> the file's column that holds it.")
    quantization: dict[str, Any] = Field({}, description='For `hf:`: a transformers quantisation config, as `quant_method = "torchao"`.')
    licence: str = Field("", description="The licence of its weights or outputs (an SPDX name), where it does not say itself.")
    terms: str = Field("", description="The address of its terms of use.")
    train_on_outputs: TrainOnOutputs = Field(
        "unknown", description="Whether its terms let others train on what it says; `forbidden` stops the run, but for `accept_terms`."
    )
    accept_terms: str = Field("", description="Why the run goes on although the terms forbid it, in words; told wherever its data go.")
    dialect: str = Field("openai", description="For an endpoint: `vllm`, `sglang`, `llama_cpp`, `openai` or `anthropic`.")
    tokenizer: str | None = Field(None, description="For an endpoint: its model's tokenizer (`hf:PATH`); prompts are sent as ids then.")
    api_key_env: str | None = Field(None, description="For an endpoint: the environment variable that holds the key; it is never written.")
    concurrency: int = Field(64, ge=1, description="For an endpoint: most requests in flight; fewer when the server slows down.")
    timeout: FiniteFloat = Field(600.0, gt=0, description="For an endpoint: seconds after which a request is given up and sent again.")
    parameters: dict[str, Any] = Field({}, description='For an endpoint: keys added to every request, as `reasoning_effort = "none"`.')
    price: PriceSection | None = Field(None, description="For an endpoint: what it charges; none: the cost is unknown.")
    batch: bool = Field(False, description="For an endpoint: submit through its asynchronous batch API (cheaper, within a day).")

    @property
    def served(self) -> bool:
        """Whether it is an endpoint."""
        return is_served(self.model)

    @model_validator(mode="after")
    def _settings_apply(self) -> Self:
        kind = self.model.partition(":")[0]
        for kinds, keys in _OF_KIND.items():
            for key in keys:
                if kind not in kinds and getattr(self, key) != type(self).model_fields[key].default:
                    raise Fault(key, f"{key} is for {' and '.join(f'{each}:' for each in kinds)} and not for {self.model}")
        return self

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.accept_terms and not self.accept_terms.strip():
            raise Fault("accept_terms", "accept_terms is a reason in words, and none is given")
        return self

    @model_validator(mode="after")
    def _holds_no_key(self) -> Self:
        if self.api_key_env is not None and not names_variable(self.api_key_env):
            what = "api_key_env is the name of an environment variable (letters, digits and _), and what is written here is none"
            raise Fault("api_key_env", f"{what}; put the key in a variable, as OPENAI_API_KEY, and write that name")
        for path in _key_paths(self.parameters, "parameters"):
            raise Fault(path, f"{path} may hold a key, and a recipe is written down: put it in an environment variable, see api_key_env")
        return self

    @model_validator(mode="after")
    def _has_batches(self) -> Self:
        if self.batch and self.dialect in _WITHOUT_BATCHES:
            raise Fault("batch", f"servers of the dialect {self.dialect} have no batch API: leave batch out")
        return self


_WITHOUT_BATCHES = frozenset({"vllm", "sglang", "llama_cpp"})
_OF_KIND: dict[tuple[str, ...], tuple[str, ...]] = {
    ("recorded",): ("columns",),
    ("hf",): ("quantization",),
    _SERVED: ("dialect", "tokenizer", "api_key_env", "concurrency", "timeout", "parameters", "price", "batch"),
}
"""Kinds of model -> the teacher's keys that are theirs alone."""


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


class PolicySection(Section):
    """How the filters' verdicts become a decision; a person's verdict outranks theirs."""

    hazard_votes: int = Field(1, ge=1, description="So many filters must say hazard.")
    noise_votes: int = Field(1, ge=1, description="So many filters must say noise.")


class MeasureSection(Section):
    """On what the errors of filters are measured: `potstill filter --measure`, and for filters of prompts `potstill prompts --measure`."""

    clean: tuple[str, ...] = Field(
        ("world:benign",),
        min_length=1,
        description="Sources of harmless prompts that every filter should keep; the answers to them are their references.",
    )
    columns: dict[str, str] = Field({}, description="As in `[prompts]`, for these sources.")
    grader: str | None = Field(None, description="The judge that tells a right answer, where a prompt names none.")
    n: int = Field(500, ge=1, description="At most so many of them, drawn at random, are judged.")
    faults: int = Field(200, ge=1, description="At most so many faults of each kind are put among them.")


class LossSection(Section):
    """One term of the training loss."""

    kind: str = Field("divergence", min_length=1, description="`divergence` from the teacher, or `cross_entropy` on its tokens.")
    divergence: str = Field("forward_kl", description="Which one: `forward_kl`, `reverse_kl`, `jsd`.")
    teacher: Literal["cached", "live"] = Field(
        "cached", description="`cached`: what was kept at generation (`teachers.codec`); `live`: it runs beside."
    )
    temperature: FiniteFloat = Field(
        1.0, gt=0, description="Divides the logits of both before the divergence; other than 1 only with `live`."
    )
    scale_t2: bool = Field(False, description="Multiply by the squared temperature, which keeps the gradient's size.")
    weight: FiniteFloat = Field(1.0, gt=0, description="The term's weight in the sum.")
    prefixes: Literal["teacher"] = Field("teacher", description="Whose text the positions follow.")

    @model_validator(mode="after")
    def _settings_apply(self) -> Self:
        if self.kind == "cross_entropy":
            for key in ("divergence", "teacher", "temperature", "scale_t2"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise Fault(key, f"{key} is for a divergence; cross_entropy does not use it")
        if self.teacher == "cached" and self.temperature != 1.0:
            raise Fault("temperature", 'a cached signal is at temperature 1; another one needs teacher = "live"')
        return self


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
