"""A model behind a server as a teacher.

    [[teachers]]
    model     = "http://localhost:8000/v1#MODEL"
    dialect   = "vllm"
    tokenizer = "hf:MODEL"

The dialect writes requests and reads responses, the client sends them; here prompts become requests and responses answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import Dialect, Request
from potstill.endpoints.client import Client
from potstill.endpoints.outcomes import join
from potstill.endpoints.reading import with_filtered
from potstill.endpoints.secrets import refuse_credentials
from potstill.errors import CapabilityError, ModelError
from potstill.models.base import NOTHING, Answer, Begun, Endpoint, Given, Keep, Options, Outlook, Sampling, TooLongError
from potstill.models.tokenizers import open_tokenizer, tokenizer_facts
from potstill.registry import find, part
from potstill.store.ledger import Totals
from potstill.text.chat import Rendered, render
from potstill.text.spans import decode, token_ends
from potstill.text.thoughts import ends_thinking, may_think
from potstill.types import Prompt, Usage, canonical_json


@part("model", "http", version="1")
def open_http(name: str, options: Options) -> EndpointTeacher:
    """A server: `http://HOST:PORT/v1#MODEL`, asked in its dialect; what it gives depends on that, and on whether its tokenizer is known.

    Raises:
        ModelError: the address names no model or cannot be used, or the dialect needs a tokenizer.
        RecipeError: no such dialect.
    """
    return EndpointTeacher(f"http:{name}", options)


@part("model", "https", version="1")
def open_https(name: str, options: Options) -> EndpointTeacher:
    """A server behind TLS: `https://HOST/v1#MODEL`; else as `http`.

    Raises:
        ModelError: as for `http`.
        RecipeError: no such dialect.
    """
    return EndpointTeacher(f"https:{name}", options)


class EndpointTeacher:
    """A model behind a server. Nothing is sent before it is first asked.

    Args:
        spec: `http://HOST:PORT/v1#MODEL`.
        options: how it is opened; `options.endpoint` says how the server is asked.

    Attributes:
        name: as in the recipe.
        model: its name at the server.
        gives: what the dialect gives.
        tokenizer: the model's, where the recipe names it.
        dialect: how the server is asked.

    Raises:
        ModelError: the address names no model or cannot be used, or the dialect needs a tokenizer.
        RecipeError: no such dialect.
    """

    def __init__(self, spec: str, options: Options) -> None:
        self.name = spec
        self._address, _, self.model = spec.partition("#")
        _check_address(self._address, self.model, spec)
        self.endpoint = options.endpoint or Endpoint()
        self._revision = options.revision
        factory = find("dialect", self.endpoint.dialect, where=spec).factory
        known = self.endpoint.tokenizer
        self.tokenizer: PreTrainedTokenizerBase | None = None if known is None else open_tokenizer(known)
        self.dialect: Dialect = factory(self._address, self.endpoint, self.tokenizer)
        self.gives = self.dialect.gives

    def identity(self) -> dict[str, str]:
        """Where and how it is asked, and digests of its tokenizer and chat template; the server itself is not asked for it."""
        facts = {"endpoint": self._address, "model": self.model, "dialect": self.endpoint.dialect}
        facts["parameters"] = canonical_json(dict(self.endpoint.parameters))
        if self._revision is not None:
            facts["revision"] = self._revision
        return {**facts, **({} if self.tokenizer is None else tokenizer_facts(self.tokenizer))}

    @cached_property
    def client(self) -> Client:
        """The client that asks the server.

        Raises:
            ModelError: the key's environment variable is not set, or the address cannot be used.
        """
        dialect = self.dialect
        return Client(dialect.v1, self.endpoint, dialect.headers, dialect.credentials, dialect.root)

    @property
    def spent(self) -> Totals:
        """What its ledger holds; nothing before it was first asked."""
        return self.client.account.ledger.totals() if "client" in vars(self) else Totals()

    @property
    def context(self) -> int | None:
        """Most tokens that the server reads and writes together, as it says itself; None: it does not say.

        Requests depend on it: as soon as the ledger holds an answer of the model, what it said before that holds for the run folder.

        Raises:
            ModelError: the server does not answer.
        """
        return self._context[0]

    @property
    def when_too_long(self) -> str:
        """What to do when prompts do not fit the context."""
        fix = "shorten or drop the prompts ([prompts] limit or template)"
        if not self._context[1]:
            return f"{fix}, or start the server with a longer context"
        why = (
            "that is what the server said before the first answers in this run folder were paid for, which would be paid again with another"
        )
        return f"{why}: {fix}, or choose another run folder (--out) to ask the server anew"

    @cached_property
    def _context(self) -> tuple[int | None, bool]:
        """The context, and whether it is held by answers that were asked for with it."""
        ledger = self.client.account.ledger
        known = ledger.context(self._address, self.model)
        if known is not None and ledger.has_answers(self.client.server, self.model):
            return known, True
        told = self.dialect.context(self.model, self._ask)
        if told is not None:
            ledger.remember_context(self._address, self.model, told)
        return (known if told is None else told), False

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """Answers in the prompts' order, a request each. Each draw has a seed of its own, which servers that take one follow.

        Raises:
            CapabilityError: the server does not give what is to be kept.
            ModelError: a prompt leaves no room in the server's context, or the server refuses or cannot be reached.
            BudgetError: the budget is used up.
        """
        self._check(keep)
        requests = self._draws(prompts, sampling, keep)
        asked = (prompt for prompt in prompts for _ in range(sampling.n))
        outcomes = self.client.ask(requests, with_filtered(self.dialect.read_draw))
        answers = [self._answer(prompt, *outcome) for prompt, outcome in zip(asked, outcomes, strict=True)]
        if keep.size and self.dialect.scores_draws(sampling):
            answers = self._with_scores(prompts, answers, sampling, keep)
        return [answers[start : start + sampling.n] for start in range(0, len(answers), sampling.n)]

    @property
    def can_go_on(self) -> bool:
        """As `Continuing.can_go_on`: where the dialect takes token ids and the tokenizer is known."""
        return self.tokenizer is not None and self.dialect.takes_ids

    def go_on(self, begun: Sequence[Begun], sampling: Sampling, keep: Keep = NOTHING) -> list[Answer]:
        """As `Continuing.go_on`; a request each, of the prompt and the beginning in token ids.

        Raises:
            CapabilityError: the server takes no token ids, or does not give what is to be kept.
            ModelError, BudgetError: as for `draw`; the beginning counts as part of the prompt.
        """
        self._check(keep)
        if self.tokenizer is None or not self.can_go_on:
            what = f"it cannot go on from a beginning in the dialect {self.endpoint.dialect}"
            raise CapabilityError(what, where=self.name, fix="use vllm, sglang or llama_cpp with `tokenizer`")
        outcomes = self.client.ask(self._continuations(begun, sampling, keep), with_filtered(self.dialect.read_draw))
        answers = [
            self._answer(one.prompt, _whole(one, outcome[0], self.tokenizer), *outcome[1:])
            for one, outcome in zip(begun, outcomes, strict=True)
        ]
        if keep.size and self.dialect.scores_draws(sampling):
            answers = self._with_scores([one.prompt for one in begun], answers, replace(sampling, n=1), keep)
        return answers

    def _continuations(self, begun: Iterable[Begun], sampling: Sampling, keep: Keep) -> Iterator[Request]:
        for one in begun:
            ids = (*(self._prompt_ids(one.prompt) or ()), *one.token_ids)
            left = replace(sampling, max_new_tokens=max(sampling.max_new_tokens - len(one.token_ids), 1))
            within = replace(left, max_new_tokens=self._room(one.prompt, ids, left))
            yield self._with_revision(self.dialect.draw(self.model, one.prompt, ids, one.sample, within, keep))

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """What the model expected at each token of each text, encoded by its tokenizer as a local model's are.

        Raises:
            CapabilityError: the server cannot score texts, or does not give what is to be kept.
            ModelError: a text is longer than the server's context or has no token to predict, or the server refuses or cannot be reached.
            BudgetError: the budget is used up.
        """
        self._check(keep)
        if "score" not in self.gives or self.tokenizer is None:
            fix = 'use mode = "draw", or a server that scores (vllm, sglang, llama_cpp) with `tokenizer`'
            raise CapabilityError(f"it cannot score a text in the dialect {self.endpoint.dialect}", where=self.name, fix=fix)
        tokenizer = self.tokenizer
        rows = [_row(tokenizer, each) for each in texts]
        for each, row in zip(texts, rows, strict=True):
            self._check_length(row, each.text or each.prompt.reference or "")
        scored = self._scores([(row.input_ids, row.loss_from) for row in rows], keep)
        return [self._scored(each, row, *one) for each, row, one in zip(texts, rows, scored, strict=True)]

    def can_score(self, given: Given) -> bool:
        """As `potstill.models.base.Bounded.can_score`.

        Raises:
            ModelError: the server does not answer when it is asked for its context.
        """
        if self.tokenizer is None:
            return True
        row = _row(self.tokenizer, given)
        return row.loss_from < len(row.input_ids) < (self.context or math.inf)

    def _draws(self, prompts: Iterable[Prompt], sampling: Sampling, keep: Keep) -> Iterator[Request]:
        for prompt in prompts:
            ids = self._prompt_ids(prompt)
            within = sampling if ids is None else replace(sampling, max_new_tokens=self._room(prompt, ids, sampling))
            for sample in range(sampling.first, sampling.first + sampling.n):
                yield self._with_revision(self.dialect.draw(self.model, prompt, ids, sample, within, keep))

    def _prompt_ids(self, prompt: Prompt) -> Sequence[int] | None:
        """The prompt in tokens, where the dialect takes them."""
        if self.tokenizer is None:
            return self.dialect.prompt_ids(prompt, self._ask)
        return render(self.tokenizer, prompt, None).input_ids if self.dialect.takes_ids else None

    def _room(self, prompt: Prompt, ids: Sequence[int], sampling: Sampling) -> int:
        """The most tokens that an answer to the prompt can have."""
        if not ids:
            fix = "give it text, or a tokenizer that begins with BOS"
            raise ModelError(f"the prompt {prompt.source or prompt.id} has no tokens", where=self.name, fix=fix)
        if self.context is None:
            return sampling.max_new_tokens
        if len(ids) >= self.context:
            what = f"the prompt {prompt.source or prompt.id} has {len(ids)} tokens and the server's context holds {self.context}"
            raise TooLongError(what, where=self.name, fix=self.when_too_long)
        return min(sampling.max_new_tokens, self.context - len(ids))

    def _answer(self, prompt: Prompt, answer: Answer, usage: Usage, key: str, sha256: str) -> Answer:
        answer = replace(answer, usage=usage, request=key, response=sha256)
        if self.tokenizer is None or not answer.token_ids:
            return answer
        answer = self._until_next_text(answer, self.tokenizer)
        if not prompt.messages and prompt.reference:
            answer = replace(answer, text=decode(self.tokenizer, answer.token_ids, continues=True))
        ends = token_ends(self.tokenizer, answer.token_ids, answer.text)
        return replace(answer, token_ends=ends, thinking=self._begins_thought(prompt, self.tokenizer))

    def _begins_thought(self, prompt: Prompt, tokenizer: PreTrainedTokenizerBase) -> bool:
        """Whether the prompt, which the server was sent as the template writes it, ends within a thought."""
        if not self.dialect.takes_ids or not may_think(tokenizer):
            return False
        return ends_thinking(tokenizer, render(tokenizer, prompt, None).input_ids)

    @staticmethod
    def _until_next_text(answer: Answer, tokenizer: PreTrainedTokenizerBase) -> Answer:
        """The answer up to a BOS token, which begins another text, as a local model's answers end there; a server goes on after it."""
        if tokenizer.bos_token_id not in answer.token_ids:
            return answer
        steps = answer.token_ids.index(tokenizer.bos_token_id) + 1
        ids = answer.token_ids[:steps]
        return replace(answer, text=decode(tokenizer, ids), token_ids=ids, finish_reason="stop", outlook=answer.outlook.first(steps))

    def _with_scores(self, prompts: Sequence[Prompt], answers: Sequence[Answer], sampling: Sampling, keep: Keep) -> list[Answer]:
        """The answers with what the model expected at their tokens, from requests of their own."""
        befores = [ids for prompt in prompts for ids in [tuple(self._prompt_ids(prompt) or ())] * sampling.n]
        scored = self._scores([((*before, *one.token_ids), len(before)) for before, one in zip(befores, answers, strict=True)], keep)
        return [
            replace(one, outlook=seen, usage=(one.usage or Usage()) + usage) for one, (seen, usage) in zip(answers, scored, strict=True)
        ]

    def _scores(self, rows: Sequence[tuple[Sequence[int], int]], keep: Keep) -> list[tuple[Outlook, Usage]]:
        """What was expected at each row's tokens from a place on, and what it took; a row without tokens there is not asked."""
        score = self.dialect.score
        requests = [score(self.model, ids, scored_from, keep) if len(ids) > scored_from else () for ids, scored_from in rows]
        every = (self._with_revision(request) for group in requests for request in group)
        outcomes = self.client.ask(every, self.dialect.read_score)
        found = []
        for group in requests:
            parts = list(islice(outcomes, len(group)))
            usage = sum((outcome[1] for outcome in parts), Usage())
            found.append((join([outcome[0] for outcome in parts]) if parts else Outlook(), usage))
        return found

    def _scored(self, given: Given, row: Rendered, seen: Outlook, usage: Usage) -> Answer:
        ids = row.input_ids[row.loss_from :]
        whole = given.text if given.text is not None else given.prompt.reference or ""
        ends = token_ends(self.tokenizer, ids, whole) if self.tokenizer is not None else ()
        return Answer(whole, tuple(ids), given.finish_reason, seen, ends, usage=usage)

    def _with_revision(self, request: Request) -> Request:
        return request if self._revision is None else replace(request, identity={**request.identity, "revision": self._revision})

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.client.get_json(path) if body is None else self.client.post_json(path, body)

    def _check(self, keep: Keep) -> None:
        if not keep.size and keep.codec == NOTHING.codec:
            return
        missing = find("codec", keep.codec, where=self.name).needs - self.gives
        if missing:
            what = f"the codec {keep.codec} needs {', '.join(sorted(missing))}, which the dialect {self.endpoint.dialect} does not give"
            fix = "set `tokenizer` to that of its model, or top_k = 0" if missing == {"top_k"} else 'use codec = "top_k"'
            raise CapabilityError(what, where=self.name, fix=fix)
        most = self.dialect.max_top_k
        if most is not None and keep.size > most:
            what = f"the dialect {self.endpoint.dialect} gives at most {most} tokens a position, not {keep.size}"
            raise CapabilityError(what, where=self.name, fix=f"set top_k = {most}")

    def _check_length(self, row: Rendered, text: str) -> None:
        length = len(row.input_ids)
        if length <= row.loss_from:
            raise ModelError(f"the text {text!r} has no token to predict", where=self.name, fix="leave empty texts out")
        if self.context is not None and length >= self.context:
            what = f"the text {text[:40]!r}... has {length} tokens and the server's context holds {self.context}, with one to write"
            raise ModelError(what, where=self.name, fix=f"cut the texts shorter (`window` of a text source); else {self.when_too_long}")


def _check_address(address: str, model: str, spec: str) -> None:
    refuse_credentials(address)
    if urlsplit(address).query:
        fix = "leave out what follows ?; a server that needs it can be asked through a proxy that adds it"
        raise ModelError("the address holds a query, which requests would not carry", where=address.partition("?")[0], fix=fix)
    if not urlsplit(address).hostname:
        raise ModelError("the address names no host", where=spec, fix="write http://HOST:PORT/v1#MODEL")
    if not model:
        raise ModelError("the address names no model", where=spec, fix=f"write {address.rstrip('/')}#MODEL")


def _row(tokenizer: PreTrainedTokenizerBase, given: Given) -> Rendered:
    """A text to be scored, with its prompt, in tokens."""
    return render(tokenizer, given.prompt, given.token_ids or given.text, end=given.finish_reason == "stop")


def _whole(begun: Begun, new: Answer, tokenizer: PreTrainedTokenizerBase) -> Answer:
    """A beginning and what the server wrote behind it. Where it gave no ids, or there is no outlook at one of the two, there is none."""
    if not new.token_ids:
        return replace(new, text=decode(tokenizer, begun.token_ids) + new.text, outlook=Outlook())
    ids = (*begun.token_ids, *new.token_ids)
    known = len(begun.outlook) == len(begun.token_ids) and len(new.outlook) == len(new.token_ids)
    return replace(new, text=decode(tokenizer, ids), token_ids=ids, outlook=begun.outlook.then(new.outlook) if known else Outlook())
