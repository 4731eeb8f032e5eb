"""Reward models behind a server: `POST ADDRESS/classify`, as vLLM and SGLang serve sequence classifiers.

    judge = "reward:http://localhost:8000#MODEL?tokenizer=hf:MODEL"

vLLM answers at the server's root, SGLang below `/v1`. The request is `{"model": MODEL, "input": TEXT}`, the response
`{"data": [{"probs": [...], ...}], "usage": {...}}`. The text is the conversation as the model's own chat template writes it. What the
server charges is written behind it too, in US dollars a million tokens: `&input=0.5&output=0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from potstill.errors import RecipeError
from potstill.models.base import FREE, Endpoint, Spending
from potstill.text.specs import split_spec
from potstill.types import Message, Prompt, Usage

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from potstill.endpoints.base import Request
    from potstill.endpoints.client import Client

PRICES = ("input", "output")
SETTINGS = ("api_key_env", "tokenizer", *PRICES)


@dataclass
class EndpointReward:
    """A reward model behind a server. A single probability is the score; of two it is the last one.

    Attributes:
        name: as in the recipe, without its price.
        address: what stands before `/classify`.
        model: its name at the server.
        tokenizer_spec: of its tokenizer, as `hf:PATH`.
        endpoint: how the server is asked.
    """

    name: str
    address: str
    model: str
    tokenizer_spec: str
    endpoint: Endpoint

    @classmethod
    def of(cls, spec: str, where: str = "", spending: Spending = FREE) -> EndpointReward:
        """The reward model `http(s)://HOST#MODEL?tokenizer=hf:PATH&api_key_env=VARIABLE&input=USD&output=USD`; nothing is sent.

        Raises:
            RecipeError: it names no model or tokenizer, an unknown setting, a price that is none, or no price where dollars are counted.
        """
        place, settings = split_spec(spec, SETTINGS, where)
        address, _, model = place.partition("#")
        if not model:
            raise RecipeError("the address names no model", where=where, fix="write it behind the address, as http://HOST:8000#MODEL")
        if "tokenizer" not in settings:
            fix = "write ?tokenizer=hf:PATH behind it: its chat template puts question and answer in one text"
            raise RecipeError("the reward model's tokenizer is not named", where=where, fix=fix)
        price = _price(settings, where)
        if price is None and spending.usd is not None:
            fix = "write &input=…&output=… behind it, in USD a million tokens (0 for a server of your own), or leave usd_budget out"
            raise RecipeError("a budget of dollars needs the judge's price", where=where, fix=fix)
        endpoint = Endpoint(api_key_env=settings.get("api_key_env"), price=price, spending=spending)
        return cls(f"reward:{_unpriced(spec)}", address.rstrip("/"), model, settings["tokenizer"], endpoint)

    def identity(self) -> dict[str, str]:
        """Where it is asked, its name there, and digests of its tokenizer and template; the server is not asked for it."""
        from potstill.models.tokenizers import tokenizer_facts

        return {"judge": self.name, "endpoint": self.address, "model": self.model, **tokenizer_facts(self._tokenizer)}

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """One probability a pair; None for an empty answer.

        Raises:
            ModelError: the key is not set, the server cannot be reached or refuses, or the tokenizer has no chat template.
            BudgetError: the budget is used up.
        """
        judged = [(prompt, text) for prompt, text in asked if text.strip()]
        found = (outcome[0] for outcome in self._client.ask(self._requests(judged), read_classes))
        return [next(found) if text.strip() else None for _, text in asked]

    def _requests(self, asked: Sequence[tuple[Prompt, str]]) -> Iterator[Request]:
        from potstill.endpoints.base import Request

        identity = self.identity()
        for prompt, answer in asked:
            text = self._text(prompt, answer)
            body = {"model": self.model, "input": text}
            yield Request(f"{self.address}/classify", body, identity, len(text.encode()), f"an answer to {prompt.source or prompt.id}")

    def _text(self, prompt: Prompt, answer: str) -> str:
        """The conversation in the template's words, without the BOS that the server's tokenizer adds itself."""
        from potstill.text.chat import conversation_text, start_ids

        text = conversation_text(self._tokenizer, (*prompt.messages, Message("assistant", answer)))
        return text.removeprefix(self._tokenizer.bos_token or "") if start_ids(self._tokenizer) else text

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        from potstill.models.tokenizers import open_tokenizer

        return open_tokenizer(self.tokenizer_spec)

    @cached_property
    def _client(self) -> Client:
        from potstill.endpoints.client import Client

        return Client(self.address, self.endpoint)


def _price(settings: Mapping[str, str], where: str) -> dict[str, float] | None:
    """US dollars a million tokens; None where they are not told. A server that only reads is paid for what it reads."""
    given = {name: settings[name] for name in PRICES if name in settings}
    if not given:
        return None
    try:
        price = {name: float(given.get(name, 0)) for name in PRICES}
    except ValueError:
        price = dict.fromkeys(PRICES, -1.0)
    if not all(0 <= value < float("inf") for value in price.values()):
        told = "&".join(f"{name}={value}" for name, value in given.items())
        raise RecipeError(f"{told} is no price", where=where, fix="write US dollars a million tokens, as &input=0.5&output=0")
    return price


def _unpriced(spec: str) -> str:
    """The same model at another price gives the same scores."""
    place, mark, query = spec.partition("?")
    return place + mark + "&".join(each for each in query.split("&") if each.partition("=")[0] not in PRICES)


def read_classes(request: Request, raw: bytes) -> tuple[float, Usage]:
    """The score in a response, and what it took.

    Raises:
        MalformedError: there are no probabilities, or those of more than two classes.
    """
    from potstill.endpoints.base import MalformedError
    from potstill.endpoints.reading import field, openai_usage, whole

    response = whole(raw)
    rows = field(response, "data", list)
    probabilities = field(rows[0], "probs", list) if rows and isinstance(rows[0], dict) else []
    if len(probabilities) not in (1, 2) or not all(isinstance(p, (int, float)) and 0 <= p <= 1 for p in probabilities):
        raise MalformedError(f"`probs` is {probabilities!s:.60}, and not one or two probabilities")
    return float(probabilities[-1]), openai_usage(response)
