"""The vocabulary: what stages hand to each other. Plain frozen data; imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, astuple, dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Intent = Literal["benign", "hazard", "twin", "ambiguous"]
"""What a request is after. `twin`: harmless, worded like a hazard. `ambiguous`: unsafe with a known probability."""
Half = Literal["A", "B"]
"""Hazard families are split: A may be used in training, B only evaluates."""
Part = Literal["keep", "hazard", "noise"]
"""The three cuts of a still: the heart is kept, the heads are hazard, the tails are noise."""
SegmentKind = Literal["reasoning", "answer", "refusal", "other"]
Within = Literal["", "prompt", "reference", "answer"]
"""Where a span of evidence stands: in the last user's turn, in the prompt's reference, in a trace's text."""
FinishReason = Literal["stop", "length", "content_filter", "error"]
TrainOnOutputs = Literal["allowed", "restricted", "forbidden", "unknown"]
"""Whether a teacher's terms let others train on what it says."""
PERMISSIVE = frozenset(("apache-2.0", "mit", "mit-0", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-4.0", "unlicense"))
"""Licences (SPDX names in lower case) that set no condition on what a model's outputs are used for."""
LogProbKind = Literal["raw", "temperature_scaled", "unknown"]
"""`raw`: of the model's own distribution (temperature 1, nothing cut off); `temperature_scaled`: after division by the temperature."""
ScoringMode = Literal["sampled", "teacher_forced"]
"""How a teacher came to a token: it drew it itself, or it read it in a given text."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> str:
    """`value` as JSON that is the same text for the same content: sorted keys, no spaces."""
    return _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of a JSON value; the order of keys does not matter."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def content_id(value: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked, with what is known about it. Conversations end with the turn that is to be answered.

    A prompt without messages is plain text: nothing is asked, and `reference` is the text that a teacher scores.

    Attributes:
        messages: the conversation.
        domain: dotted label, broad to narrow: `math`, `hazard.recipes`.
        skill: what it exercises, the unit in which accuracy is reported: `carry_addition`.
        reference: the right final answer; None where there is none.
        rationale: reasoning known to be right, that leads to the reference; None where there is none.
        grader: the judge that tells a right answer (a name in the registry); None: no answer is right or wrong.
        intent, family, half: the hazard labels. `family` and `half` stand only on hazards.
        risk: the probability that an ambiguous request is unsafe, in [0, 1].
        wrapper: the attack family around the request, or the built-in world's wrapper; None for a plain one.
        twin_of: id of the request that this one is the harmless counterpart of; None where it is nobody's.
        choices: the options of a multiple-choice question, in order; they stand in the last turn too. Empty for other questions.
        language: ISO 639-1 code; empty where it is not known.
        labelled_by: who gave the domain and the hazard labels: `given` with the row, `rule:NAME`, `classifier:NAME`, `teacher:NAME`;
            ` (benign)` behind who said that it is.
        source: where it came from: a file and row, `world:1/math`.
        licence: SPDX name of the source's licence; empty when unknown.
    """

    messages: tuple[Message, ...]
    domain: str = ""
    skill: str = ""
    reference: str | None = None
    rationale: str | None = None
    grader: str | None = None
    intent: Intent = "benign"
    family: str | None = None
    half: Half | None = None
    risk: float | None = None
    wrapper: str | None = None
    twin_of: str | None = None
    choices: tuple[str, ...] = ()
    language: str = ""
    labelled_by: str = "given"
    source: str = ""
    licence: str = ""

    @property
    def id(self) -> str:
        """Identity by content: the same conversation, or the same plain text, has the same id wherever it came from."""
        return content_id([[m.role, m.content] for m in self.messages] or self.reference)

    @property
    def question(self) -> str:
        """The last user turn."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")

    def within(self, domains: Collection[str]) -> bool:
        """Whether its domain is one of `domains` or lies in one: `math.algebra` lies in `math`."""
        return any(self.domain == one or self.domain.startswith(f"{one}.") for one in domains)


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of a trace's text, in characters, half open."""

    kind: SegmentKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took, as the server counted it; None: it did not say.

    Attributes:
        prompt_tokens, completion_tokens: read and written.
        reasoning_tokens: how many of the written ones were reasoning.
        cached_tokens: how many of the read ones came from the server's cache.
        cost_microusd: millionths of a US dollar, by the recipe's prices.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost_microusd: int | None = None

    def __add__(self, other: Usage) -> Usage:
        """What two requests took together; None where neither says."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Usage(*(None if one is None and then is None else (one or 0) + (then or 0) for one, then in pairs))


@dataclass(frozen=True, slots=True)
class TeacherCard:
    """Who a teacher is, as far as it is known; an empty field is not known.

    Attributes:
        name: in the recipe.
        revision: commit on the hub.
        weights: digest of the weights.
        tokenizer, special_tokens, chat_template: digests.
        dtype: number type of the weights, or how they are quantised.
        endpoint, dialect: where it is asked, and in which dialect.
        licence: SPDX name; terms: address of its terms.
        train_on_outputs: whether these let others train on what it says, as far as it is stated; `may_train` asks the licence too.
        accept_terms: why the recipe goes on although they forbid it, in its own words; empty: it does not.
        facts: everything that `Teacher.identity` tells, as JSON.
    """

    name: str
    revision: str = ""
    weights: str = ""
    tokenizer: str = ""
    special_tokens: str = ""
    chat_template: str = ""
    dtype: str = ""
    endpoint: str = ""
    dialect: str = ""
    licence: str = ""
    terms: str = ""
    train_on_outputs: TrainOnOutputs = "unknown"
    accept_terms: str = ""
    facts: str = "{}"

    @property
    def id(self) -> str:
        """Identity by content."""
        return content_id(asdict(self))


def may_train(card: TeacherCard) -> TrainOnOutputs:
    """Whether others may train on what a teacher says, the one answer that all who ask are given.

    What the recipe or the teacher states holds. Where nothing is stated, a licence of `PERMISSIVE` allows it for a model that runs here; a
    server has terms of its own beside its model's licence, so there it stays unknown, as with any other licence.
    """
    if card.train_on_outputs != "unknown":
        return card.train_on_outputs
    return "allowed" if card.licence.lower() in PERMISSIVE and not card.endpoint else "unknown"


def is_barred(card: TeacherCard) -> bool:
    """Whether its terms forbid training on what it says, and the recipe gives no reason to go on all the same."""
    return may_train(card) == "forbidden" and not card.accept_terms


@dataclass(frozen=True, slots=True)
class Trace:
    """One answer of one teacher, as it was given.

    Attributes:
        prompt_id: the prompt that was answered.
        teacher: the teacher's name in the recipe (`world:base`).
        sample: which of the n draws, from 0.
        text: the answer, special tokens left out.
        segments: what the text consists of, in order.
        token_ids: the answer in the teacher's tokens, end token included; empty when the teacher gave no ids.
        finish_reason: why it ended.
        token_ends: where each token's text ends, in bytes of the text's UTF-8; a special token ends where the one before it does. Empty
            when it is not known.
        teacher_id: the teacher's card.
        context: what the teacher was told beside the prompt, which the student never sees; empty: nothing.
        sampling: the settings it was drawn with, as JSON; `{}` where nothing was drawn: a text that was only scored.
        reasoning_field: the field of the response that held the reasoning; empty where it stands in the text itself.
        usage: what it took; None for a model in this process.
        request: key of the request in the ledger; empty for a model in this process.
        response: SHA-256 of the raw response; empty for a model in this process.
    """

    prompt_id: str
    teacher: str
    sample: int
    text: str
    segments: tuple[Segment, ...] = ()
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason = "stop"
    token_ends: tuple[int, ...] = ()
    teacher_id: str = ""
    context: str = ""
    sampling: str = "{}"
    reasoning_field: str = ""
    usage: Usage | None = None
    request: str = ""
    response: str = ""

    @property
    def scored(self) -> bool:
        """Whether the text is the prompt's own, which the teacher only scored: nothing was drawn, so there are no settings."""
        return self.sampling == "{}"

    @property
    def id(self) -> str:
        """Identity by content: prompt, teacher, draw and text."""
        return content_id([self.prompt_id, self.teacher, self.sample, self.text, list(self.token_ids)])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one filter, or a person, says of one trace or of one prompt. A decision is a policy over verdicts; nothing is deleted.

    Attributes:
        trace_id: the trace judged; empty where a prompt was judged before anybody answered it.
        part: where this filter would put it.
        by: the filter's name in the registry, with `#2` behind it where it is the recipe's second of that name; `human` for a person.
        why: the reason in a clause.
        score: the filter's number; None when it could not judge, or does not apply.
        evidence: the text that shows it, or the id of the other trace or prompt.
        version: the filter's version.
        prompt_id: the prompt judged, or that of the trace.
        applies: False where the filter is not about such items.
        within: where the evidence stands; empty: nowhere in particular.
        start, end: its span there, in characters, half open; None where it is no span.
        recall: the share of injected faults that the filter found when it was measured, of plain kinds; None: uncalibrated.
        hard_recall: the same, of kinds that are not made of what the filter looks for.
        false_positive_rate: the share of a clean set that it put aside; None: uncalibrated.
    """

    trace_id: str
    part: Part
    by: str
    why: str
    score: float | None = None
    evidence: str = ""
    version: str = "1"
    prompt_id: str = ""
    applies: bool = True
    within: Within = ""
    start: int | None = None
    end: int | None = None
    recall: float | None = None
    hard_recall: float | None = None
    false_positive_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a scorecard.

    Attributes:
        suite: the suite that measured it (`capability`).
        name: the measure (`accuracy`).
        subject: whose: `teacher`, `student`, `base` (the student before training).
        group: what it was measured on: a skill, a position, `all`.
        value: the estimate; None when nothing could be judged.
        low, high: 95% interval; None where none is known.
        n: how many were judged.
        unjudged: how many could not be judged; they are in neither `n` nor `value`.
        unit: `share`, `nats/token`, `bytes`, `tokens/s`.
        by: the judge or formula.
    """

    suite: str
    name: str
    subject: str
    group: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    unjudged: int = 0
    unit: str = "share"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All findings of an evaluation, and the recipe's limits that they missed."""

    findings: tuple[Finding, ...]
    missed: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True when every limit of the recipe was measured and held."""
        return not self.missed

    def find(self, name: str, subject: str = "student", group: str = "all") -> Finding | None:
        """The finding of that name, subject and group; None when it was not measured."""
        same = (f for f in self.findings if (f.name, f.subject, f.group) == (name, subject, group))
        return next(same, None)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artifact is and what it came from; written last, so that its existence means the artifact is whole.

    Attributes:
        stage: the stage that made it.
        identity: hash of the stage's recipe section, the content of what it read and its parts' versions.
        content: hash of the files it consists of; the artifact's name everywhere else.
        section: the recipe section as resolved.
        inputs: stage name -> content hash of each artifact read.
        files: relative path -> SHA-256.
        parts: part -> version.
        seed: the run's seed.
        code: the code's revision.
        environment: versions, platform, threads.
        started, finished: UTC, ISO 8601.
        summary: the stage's own few numbers (rows, tokens, parameters).
        beside: tables that tell of the others and that nothing is made of; they are in `files`, and not in `content`.
    """

    stage: str
    identity: str
    content: str
    section: dict[str, Any]
    inputs: dict[str, str]
    files: dict[str, str]
    parts: dict[str, str]
    seed: int
    code: str
    environment: dict[str, str]
    started: str
    finished: str
    summary: dict[str, Any] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """The manifest as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest that `to_json` wrote; TypeError when a field is missing or unknown."""
        return cls(**json.loads(text))
