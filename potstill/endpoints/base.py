"""The words between the client, which sends requests, and the dialects, which write and read them. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from potstill.models.base import Answer, Endpoint, Keep, Outlook, Sampling
from potstill.types import Prompt, Usage, digest


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a server: what is paid for, once.

    Attributes:
        url: where it is posted; without credentials.
        body: its JSON body; without credentials.
        identity: what decides the answer beside these: revision, chat template, tokenizer, the draw's number.
        tokens: most tokens that it can take, read and written: what a budget sets aside while it is in flight.
        about: whom it is for, in words, for errors: the prompt's source or id.
    """

    url: str
    body: Mapping[str, Any]
    identity: Mapping[str, str]
    tokens: int = 0
    about: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the answer: the request's name in the ledger. Keys, limits and time-outs do not enter it."""
        return digest([self.url, dict(self.body), dict(self.identity)])


class MalformedError(Exception):
    """A response that is not what was asked for (cut off, a field is missing): it is asked again.

    Args:
        what: what is wrong with it.
        fix: what to do when the next ones are no better; empty: the server may speak another dialect.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix


class Parse(Protocol):
    """Reads a response."""

    def __call__(self, request: Request, raw: bytes) -> tuple[Any, Usage]:
        """What the response says, and what it took.

        Raises:
            MalformedError: it is not what was asked for.
        """
        ...


class Ask(Protocol):
    """Asks a server something that costs nothing: its limits, its tokens for a text."""

    def __call__(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path of the server; with a body it is posted.

        Raises:
            ModelError: the server does not answer, or not with JSON.
        """
        ...


class Dialect(Protocol):
    """How one kind of server is asked, and how it answers. A dialect neither sends nor waits.

    Attributes:
        root: the server's address, without the version at its end; v1: with it.
        gives: as in `Teacher.gives`.
        headers: of every request, the key's aside.
        takes_ids: whether prompts are sent in token ids where the tokenizer is known.
        max_top_k: most outcomes a position that the server gives; None: as many as are asked for, as far as is known.
    """

    root: str
    v1: str
    gives: frozenset[str]
    headers: Mapping[str, str]
    takes_ids: bool
    max_top_k: int | None

    def credentials(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key; they are sent and never written."""
        ...

    def context(self, model: str, ask: Ask) -> int | None:
        """Most tokens that the server reads and writes together, as it says itself; None: it does not say.

        Raises:
            ModelError: the server does not answer.
        """
        ...

    def prompt_ids(self, prompt: Prompt, ask: Ask) -> Sequence[int] | None:
        """The prompt in tokens as the server encodes it, where `draw` needs them and no tokenizer is known; None: it takes text."""
        ...

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """The request for one draw. `token_ids`: the prompt in the model's tokens, where they are known."""
        ...

    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The answer in a response to `draw`, and what it took; raises as `Parse` does."""
        ...

    def scores_draws(self, sampling: Sampling) -> bool:
        """Whether what is said beside draws is not the model's own distribution, so that they are scored once drawn."""
        ...

    def score(self, model: str, token_ids: Sequence[int], scored_from: int, keep: Keep) -> Sequence[Request]:
        """The requests that together score `token_ids[scored_from:]`, in order; only where `gives` has `score`."""
        ...

    def read_score(self, request: Request, raw: bytes) -> tuple[Outlook, Usage]:
        """What was expected at the tokens that one request of `score` covers, and what it took; raises as `Parse` does."""
        ...


class MakeDialect(Protocol):
    """What a dialect registers: `@part("dialect", "vllm")`."""

    def __call__(self, base_url: str, endpoint: Endpoint, tokenizer: Any | None) -> Dialect:
        """The dialect for a server; `tokenizer`: the model's, of transformers, where the recipe names it."""
        ...
