"""What dialects share: addresses, the user's own parameters, and requests that say whom they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import Ask, MalformedError, Request
from potstill.endpoints.outcomes import Asked
from potstill.endpoints.retry import AbsentError
from potstill.errors import CapabilityError, RecipeError
from potstill.models.base import Endpoint, Keep, Outlook, Sampling
from potstill.models.streams import row_key
from potstill.text.spans import decode_with_ends
from potstill.types import LogProbKind, Prompt, Usage

_TURN = 64
"""Tokens that a chat template is taken to add a turn, at most, for the budget."""


class CommonDialect:
    """A dialect's address, headers and parameters.

    Args:
        base_url: `http://HOST:PORT/v1`, or without the version.
        endpoint: how the server is asked.
        tokenizer: its model's, where the recipe names it.

    Attributes:
        root: the address without the version at its end.
        v1: the address with it.
    """

    name: ClassVar[str] = ""
    headers: Mapping[str, str] = {}
    takes_ids = True
    max_top_k: int | None = None

    def __init__(self, base_url: str, endpoint: Endpoint, tokenizer: PreTrainedTokenizerBase | None) -> None:
        base = base_url.rstrip("/")
        self.root = base.removesuffix("/v1")
        self.v1 = base if "/" in base.partition("://")[2] else f"{base}/v1"
        self.parameters, self.tokenizer = endpoint.parameters, tokenizer

    def credentials(self, key: str) -> Mapping[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {key}"}

    def context(self, model: str, ask: Ask) -> int | None:
        """`max_model_len` of the model's card at `/v1/models`; None where it does not stand there.

        Raises:
            ModelError: the server does not answer; whether it would say is not known.
        """
        try:
            cards = ask("/v1/models")["data"]
            return next((int(card["max_model_len"]) for card in cards if card["id"] == model), None)
        except (AbsentError, KeyError, TypeError):
            return None

    def prompt_ids(self, prompt: Prompt, ask: Ask) -> Sequence[int] | None:
        """None: the server puts text into tokens itself."""
        return None

    def scores_draws(self, sampling: Sampling) -> bool:
        """No: what it says beside a draw is kept."""
        return False

    def score(self, model: str, token_ids: Sequence[int], scored_from: int, keep: Keep) -> Sequence[Request]:
        """Always refused.

        Raises:
            CapabilityError: the server tells nothing of given texts.
        """
        fix = 'use mode = "draw", or a server that scores: vllm, sglang or llama_cpp'
        raise CapabilityError(f"the dialect {self.name} cannot score a text", where=self.root, fix=fix)

    def read_score(self, request: Request, raw: bytes) -> tuple[Outlook, Usage]:
        """Never called: `score` makes no request.

        Raises:
            CapabilityError: always.
        """
        raise CapabilityError(f"the dialect {self.name} cannot score a text", where=self.root)

    def request(self, url: str, body: Mapping[str, Any], identity: Mapping[str, str], tokens: int, about: str) -> Request:
        """A request with the user's parameters in its body.

        Raises:
            RecipeError: a parameter is one that potstill sets itself.
        """
        return Request(url, merged(body, self.parameters), identity, tokens, about)

    def asked(self, request: Request, kind: LogProbKind = "raw") -> Asked:
        """What a request wants of each position."""
        top_k = int(request.identity["top_k"])
        vocabulary = len(self.tokenizer) if self.tokenizer is not None else top_k
        return Asked(top_k, min(top_k, vocabulary), kind)

    def text_of(self, token_ids: Sequence[int], told: str) -> str:
        """An answer's text: as the tokenizer decodes it, where it is known; else as the server tells it."""
        return told if self.tokenizer is None else decode_with_ends(self.tokenizer, token_ids)[0]


def merged(body: Mapping[str, Any], parameters: Mapping[str, Any], where: str = "teachers.parameters") -> dict[str, Any]:
    """A body with further keys; objects are merged key by key.

    Raises:
        RecipeError: a key is in both.
    """
    both = dict(body)
    for name, value in parameters.items():
        known = both.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            both[name] = merged(known, value, f"{where}.{name}")
        elif name in both:
            fix = "leave it out: temperature, top_p, limits, seeds and log-probabilities follow from the recipe"
            raise RecipeError(f"{name!r} is set by potstill itself", where=where, fix=fix)
        else:
            both[name] = value
    return both


def seed_of(sampling: Sampling, prompt: Prompt, sample: int) -> int:
    """The seed of one draw, in [0, 2^31): another for every prompt and draw, the same when it is asked for again."""
    return row_key(sampling.seed, prompt.id, sample) & 0x7FFFFFFF


def draw_identity(sample: int, keep: Keep) -> dict[str, str]:
    """What tells a draw's request from others with the same body."""
    return {"draw": str(sample), "top_k": str(keep.size)}


def score_identity(scored_from: int, keep: Keep) -> dict[str, str]:
    """What tells a scoring's request from others with the same body."""
    return {"scored_from": str(scored_from), "top_k": str(keep.size)}


def messages_of(prompt: Prompt, where: str) -> list[dict[str, str]]:
    """A conversation as chat APIs take it.

    Raises:
        CapabilityError: the prompt is plain text, which a chat API cannot continue.
    """
    if not prompt.messages:
        fix = "ask in conversations, or use a server that takes tokens (vllm, sglang, llama_cpp) with `tokenizer`"
        raise CapabilityError("a chat API cannot continue plain text", where=where, fix=fix)
    return [{"role": turn.role, "content": turn.content} for turn in prompt.messages]


def most_tokens(prompt: Prompt, token_ids: Sequence[int] | None, sampling: Sampling) -> int:
    """Most tokens that a draw can take; a prompt that is not in tokens is taken to have one a byte."""
    if token_ids is not None:
        return len(token_ids) + sampling.max_new_tokens
    texts = [turn.content for turn in prompt.messages] or [prompt.reference or ""]
    return sum(len(text.encode()) + _TURN for text in texts) + sampling.max_new_tokens


def about(prompt: Prompt) -> str:
    """Whom a request is for, in errors."""
    return prompt.source or prompt.id


def token_number(name: Any) -> int:
    """The id in `token_id:123`, as servers name tokens that were asked for as ids.

    Raises:
        MalformedError: it is another name.
    """
    mark, colon, number = str(name).partition(":")
    if mark != "token_id" or not colon or not number.isdigit():
        fix = "the server does not heed `return_tokens_as_token_ids`: use a newer one, without a proxy that drops it, or another dialect"
        raise MalformedError(f"the token {name!r:.40} is told by its text and not by its id", fix)
    return int(number)
