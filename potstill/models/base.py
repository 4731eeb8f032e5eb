"""What every model is to potstill: something that answers prompts and scores texts. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from potstill.errors import ModelError
from potstill.types import FinishReason, LogProbKind, Prompt, Usage


class TooLongError(ModelError):
    """A prompt does not fit the model's context."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn.

    Attributes:
        n: answers a prompt: the draws `first` to `first + n - 1`.
        temperature: 0 is greedy, and then n must be 1, for all draws would be the same.
        top_p: nucleus: draw among the fewest most probable tokens whose mass reaches this.
        max_new_tokens: an answer that reaches it ends with `length`.
        seed: with a prompt's id and the draw's number it fixes the draw, whatever is drawn beside it.
        first: the first draw's number.
    """

    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 256
    seed: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        if self.n < 1 or self.max_new_tokens < 1:
            raise ValueError(f"n and max_new_tokens are at least 1, not {self.n} and {self.max_new_tokens}")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"temperature is at least 0 and top_p in (0, 1], not {self.temperature} and {self.top_p}")
        if self.temperature == 0 and self.n > 1:
            raise ValueError(f"greedy draws (temperature 0) of one prompt are all the same: n must be 1, not {self.n}")


@dataclass(frozen=True, slots=True)
class Spending:
    """Where requests to endpoints are written down, and how much they may cost together.

    Attributes:
        ledger: the file of the request ledger; None: in memory, which forgets what was paid.
        tokens: most tokens, read and written; None: no limit.
        usd: most US dollars; None: no limit.
        anew: every client's requests are new ones to the server, which then repeats no answer that it remembers.
    """

    ledger: Path | None = None
    tokens: int | None = None
    usd: float | None = None
    anew: bool = False


FREE = Spending()
"""No ledger on disk and no limit: for tests, and for trying a server out."""
PROBING = Spending(anew=True)
"""The same for whoever asks twice on purpose."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a server is asked.

    Attributes:
        dialect: the part that speaks it, a name in the registry: `vllm`, `sglang`, `llama_cpp`, `openai`, `anthropic`.
        tokenizer: the model's tokenizer (`hf:…`), for prompts in token ids; None: the server puts prompts in tokens.
        api_key_env: the environment variable that holds the key; the key itself is never written anywhere.
        concurrency: most requests in flight.
        timeout: seconds a request.
        parameters: keys added to every request's body.
        price: US dollars a million tokens: `input`, `output`, `cached_input`; None: not known.
        batch: submit through the server's asynchronous batch API.
        spending: where requests are written down, and how much they may cost.
    """

    dialect: str = "openai"
    tokenizer: str | None = None
    api_key_env: str | None = None
    concurrency: int = 64
    timeout: float = 600.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    price: Mapping[str, float] | None = None
    batch: bool = False
    spending: Spending = FREE


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is opened. Each kind takes what concerns it.

    Attributes:
        revision: branch, tag or commit on the hub.
        dtype: number type of the weights: `float32`, `bfloat16`, `float16`.
        remote_code: run the repository's own code; only with a revision.
        columns: for recorded answers: what is wanted -> the file's column.
        batch_size: rows a forward pass when answering.
        quantization: settings of one of transformers' quantisation configs, as `{quant_method = "torchao", …}`.
        endpoint: for a server: how it is asked.
    """

    revision: str | None = None
    dtype: str = "float32"
    remote_code: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    batch_size: int = 64
    quantization: Mapping[str, Any] = field(default_factory=dict)
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """What of a teacher's distribution is kept at each position.

    Attributes:
        codec: the part that keeps it, a name in the registry: `top_k`, `sampled`, `hidden_states`.
        size: outcomes a position: the k of `top_k`, the draws of `sampled`; 0 keeps the realised token's log-probability alone.
        seed: of codecs that draw.
    """

    codec: str = "top_k"
    size: int = 0
    seed: int = 0


NOTHING = Keep()
"""No outcomes: the realised tokens' log-probabilities alone, where they cost nothing."""


@dataclass(frozen=True, slots=True)
class Given:
    """A text to score.

    Attributes:
        prompt: what stands before it; a prompt without messages is plain text, its own reference is scored, and `text` is None.
        text: the answer to score, in characters.
        token_ids: the same in the scorer's own tokens, where they are known: nothing is encoded anew then.
        finish_reason: an end token is scored as well after a text that ended with `stop`.
    """

    prompt: Prompt
    text: str | None = None
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason = "stop"


def _floats() -> np.ndarray:
    return np.zeros(0, np.float32)


def _ints() -> np.ndarray:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What a teacher expected at each of T positions. Log-probabilities in nats.

    Attributes:
        log_p: [T] float32, of the token that was there.
        rank: [T] int32, of that token among all, 1 for the likeliest; 0 where it is not known.
        support_ids: [T, w] int32 the outcomes kept: for `top_k` the likeliest first; places that are not filled hold -1, at the end.
        support_log_p: [T, w] float32 their log-probabilities; -inf where the id is -1. For `sampled`: log(count / draws).
        tail_mass: [T] float32, probability of all that is not kept; 0 for `sampled`, whose counts stand for the whole.
        hidden: [T, H] float32 last hidden states, for `hidden_states`; [0, 0] else.
        codec: how it was kept.
        kind: what the log-probabilities are of.
        temperature: that they were divided by; 1 for `raw`.
    """

    log_p: np.ndarray = field(default_factory=_floats)
    rank: np.ndarray = field(default_factory=_ints)
    support_ids: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    support_log_p: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    tail_mass: np.ndarray = field(default_factory=_floats)
    hidden: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    codec: str = "top_k"
    kind: LogProbKind = "raw"
    temperature: float = 1.0

    def __len__(self) -> int:
        return len(self.log_p)

    def first(self, steps: int) -> Outlook:
        """The outlook at the first so many positions."""
        names = ("log_p", "rank", "support_ids", "support_log_p", "tail_mass", "hidden")
        return replace(self, **{name: getattr(self, name)[:steps] for name in names})

    def then(self, later: Outlook) -> Outlook:
        """This outlook, and behind it that at the positions that follow.

        Raises:
            ValueError: the two were kept in different ways, so that they are no one table.
        """
        if not len(self) or not len(later):
            return later if not len(self) else self
        ways = [(one.codec, one.kind, one.temperature, one.support_ids.shape[1], one.hidden.shape[1:]) for one in (self, later)]
        if ways[0] != ways[1]:
            raise ValueError(f"outlooks kept as {ways[0]} and as {ways[1]} cannot stand in one")
        return replace(
            self,
            log_p=np.concatenate([self.log_p, later.log_p]),
            rank=np.concatenate([self.rank, later.rank]),
            support_ids=np.concatenate([self.support_ids, later.support_ids]),
            support_log_p=np.concatenate([self.support_log_p, later.support_log_p]),
            tail_mass=np.concatenate([self.tail_mass, later.tail_mass]),
            hidden=np.concatenate([self.hidden, later.hidden]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One answer, or one scored text.

    Attributes:
        text: special tokens left out. Reasoning that a server gives apart stands in front, between `<think>` and `</think>`; that between
            special tokens stands between the same. What continues a plain text keeps the space that it begins with.
        token_ids: [T] end token included; empty when the model gives none.
        finish_reason: `stop` at an end token, `length` at the limit.
        outlook: what the teacher expected at each token; empty when it does not say.
        token_ends: [T] where each token's text ends, in bytes of the text's UTF-8; empty when it is not known.
        reasoning_field: the field of the response that held the reasoning (`reasoning`, `reasoning_content`, `thinking`).
        usage, request, response: as in `Trace`.
        thinking: whether the text begins within a thought, which the chat template began at the prompt's end, as far as that is known.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason = "stop"
    outlook: Outlook = field(default_factory=Outlook)
    token_ends: tuple[int, ...] = ()
    reasoning_field: str = ""
    usage: Usage | None = None
    request: str = ""
    response: str = ""
    thinking: bool = False


@runtime_checkable
class Teacher(Protocol):
    """A model that can be asked.

    Attributes:
        name: as in the recipe (`world:base`).
        gives: what it can tell:

            text           answers
            top_k          token ids with the log-probabilities of the likeliest tokens
            score          the same of a given text
            full           the whole distribution, live
            hidden_states  the last hidden states
            gradients      derivatives, live
            classes        probabilities of classes, for a text (it is no language model)
    """

    name: str
    gives: frozenset[str]

    def identity(self) -> dict[str, str]:
        """What distinguishes it from every other teacher: digests, revision, endpoint, licence, terms."""
        ...

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """`sampling.n` answers to each prompt; they depend on the prompt, its id and `sampling`, not on what stands beside it."""
        ...

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """What the model expected at each token of each text, given what stands before."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """The beginning of an answer that a model drew itself, and is to go on from.

    Attributes:
        prompt: what was asked.
        token_ids: [T] the beginning, in the model's own tokens.
        outlook: what the model expected at them when it drew them; empty where it did not say.
        sample: the number of the new draw: with the seed and the prompt's id it fixes what follows.
    """

    prompt: Prompt
    token_ids: tuple[int, ...]
    outlook: Outlook
    sample: int


@runtime_checkable
class Continuing(Protocol):
    """A model that can go on from a beginning."""

    @property
    def can_go_on(self) -> bool:
        """Whether it can: a server must take prompts in token ids."""
        ...

    def go_on(self, begun: Sequence[Begun], sampling: Sampling, keep: Keep = NOTHING) -> list[Answer]:
        """One whole answer from each beginning: the beginning as it stands, and what the model drew behind it.

        The outlook is what the model expected at every token when it drew it, those of the beginning included. `sampling.max_new_tokens`
        is the longest whole answer; `sampling.n` and `sampling.first` are not used.
        """
        ...


@runtime_checkable
class Bounded(Protocol):
    """A model that tells whether it can score a text before it is asked to."""

    def can_score(self, given: Given) -> bool:
        """Whether the text fits its context and has a token to predict."""
        ...
