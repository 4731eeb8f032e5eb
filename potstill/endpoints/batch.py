"""Asking through a server's asynchronous batch API, which takes hours and costs about half.

A batch is written in the ledger before it is submitted, and its id as soon as the server gives one: an interrupted run finds it again and
submits nothing twice. Its answers go through the same ledger, budget and parser as others.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import uuid4

from potstill.endpoints import background, retry
from potstill.endpoints.account import Account
from potstill.endpoints.base import MalformedError, Parse, Request
from potstill.endpoints.batch_shapes import Result, Shape
from potstill.endpoints.budget import charged, cost_microusd, most_microusd
from potstill.endpoints.reading import is_filtered
from potstill.endpoints.retry import AbsentError, Place, UnansweredError
from potstill.errors import ModelError, PotstillError
from potstill.models.base import Endpoint
from potstill.store.ledger import Batch, Entry, State

SUBMISSIONS = 4
"""Attempts at submitting a batch of which the server then knows nothing."""
LARGEST = 5000
"""Requests a batch."""
ROUNDS = 3
"""Batches in a row that answer nothing before what is left is given up."""
LOOKS = 3
"""Looks in a row at which a server does not know a batch, before it is taken to be gone."""
POLL, GROWTH, LONGEST_POLL = 5.0, 1.5, 300.0
"""Seconds between two looks at a batch: at first, times how many each time, and at most."""

Pause = Callable[[float], None]
_log = logging.getLogger(__name__)


class GoneError(ModelError):
    """The server no longer has a batch whose answers were not fetched."""


class Batches:
    """Asks one server in batches; it waits in the caller's thread.

    Args:
        shape: how the server takes batches.
        endpoint: how it is asked; place: who it is.
        account: ledger and budget.
        pause: waits so many seconds.
    """

    def __init__(self, shape: Shape, endpoint: Endpoint, place: Place, account: Account, pause: Pause = time.sleep) -> None:
        self._shape, self._endpoint, self._place, self._account, self._pause = shape, endpoint, place, account, pause
        self._spoilt = Counter[str]()

    def settle(self, requests: Iterable[Request], parse: Parse) -> Iterator[list[Request]]:
        """Have requests answered, several thousand at a time: each list is in the ledger when it is given out.

        Raises:
            PotstillError: a request is refused, is not answered after some rounds, or the budget is used up. Answers are kept.
        """
        source = iter(requests)
        while some := list(islice(source, LARGEST)):
            self._settle(some, parse)
            yield some

    def _settle(self, requests: Sequence[Request], parse: Parse) -> None:
        asked = {request.key: request for request in requests}
        self._collect_open(asked, parse)
        missing, fruitless = self._missing(asked), 0
        while missing and fruitless < ROUNDS:
            fitting = self._fitting(missing)
            error = self._collect(self._submit(fitting), fitting, parse, whole=True)
            if error is not None:
                raise error
            left = self._missing(asked)
            fruitless = fruitless + 1 if len(left) == len(missing) else 0
            missing = left
        if missing:
            what = f"{len(missing)} requests are still not answered after {ROUNDS} batches in which none was"
            fix = "run the same command to submit them again, or leave batch out"
            raise ModelError(what, where=self._place.at(next(iter(missing.values())).about), fix=fix)

    def _missing(self, asked: dict[str, Request]) -> dict[str, Request]:
        stored = self._account.ledger.answered(list(asked))
        return {key: request for key, request in asked.items() if key not in stored}

    def _fitting(self, missing: dict[str, Request]) -> dict[str, Request]:
        """As many of the first as the budget allows together."""
        fitting, tokens, microusd = dict[str, Request](), 0, 0
        for key, request in missing.items():
            tokens += request.tokens
            microusd += most_microusd(request.tokens, self._endpoint.price) or 0
            if not self._account.budget.allows(tokens, microusd):
                break
            fitting[key] = request
        if not fitting:
            raise self._account.budget.error(self._place.server)
        return fitting

    def _submit(self, requests: dict[str, Request]) -> Batch:
        batch = Batch(uuid4().hex, "", self._place.server, len(requests), time.time())
        sent = [self._entry(key, request, "sent", batch, attempts=1, sent_at=batch.made_at) for key, request in requests.items()]
        self._account.ledger.begin_batch(batch, sent)
        try:
            body = background.run(self._shape.prepare(requests, batch.token))
        except PotstillError as error:
            raise self._ended(batch, error) from None
        id = self._submitted(body, batch, requests)
        self._account.ledger.name_batch(batch.token, id)
        return replace(batch, id=id)

    def _submitted(self, body: Mapping[str, Any], batch: Batch, keys: Collection[str]) -> str:
        """The server's id of a batch. Where its answer is lost, it is looked for before it is submitted again: it would be paid twice.

        Raises:
            PotstillError: the server refuses it; or whether it has it cannot be found out, and it stays open for the next run.
        """
        for attempt in range(1, SUBMISSIONS + 1):
            try:
                return background.run(self._shape.submit(body, batch.token))
            except UnansweredError as error:
                self._pause(min(retry.CAP, retry.BASE * 2.0**attempt))
                found = self._found(batch, keys)
                if found:
                    return found
                if attempt == SUBMISSIONS:
                    raise error
            except PotstillError as error:
                raise self._ended(batch, error) from None
        raise AssertionError("the last attempt returns or raises")

    def _found(self, batch: Batch, keys: Collection[str]) -> str:
        """The server's id of a batch of which it is not known; empty when the server has none.

        Where batches do not carry our name, those that may be it are waited for: ours is the one whose results hold a key of ours.
        """
        for id in background.run(self._shape.find(batch, self._account.ledger.batch_ids(batch.server))):
            if self._shape.marks or any(result.key in keys for result in self._wait(replace(batch, id=id)) or ()):
                return id
        return ""

    def _ended(self, batch: Batch, error: PotstillError) -> PotstillError:
        """Forget a batch that was never submitted; what to tell of it."""
        self._account.ledger.end_batch(batch.token)
        return self._no_api(error) if isinstance(error, AbsentError) else error

    @staticmethod
    def _no_api(error: AbsentError) -> ModelError:
        return ModelError("the server has no batch API", where=error.where, fix="leave `batch` out")

    def _collect_open(self, asked: dict[str, Request], parse: Parse) -> None:
        """The batches that an interrupted run left at the server and that hold what is asked now."""
        for batch in self._account.ledger.open_batches(self._place.server):
            expected = self._account.ledger.expected(batch.token)
            wanted = {key: asked[key] for key in expected if key in asked}
            if not wanted and expected:
                continue
            id = batch.id or (self._found(batch, expected) if expected else "")
            if not id or not expected:  # it never came to the server, or all of it is answered
                self._account.ledger.end_batch(batch.token)
                continue
            self._account.ledger.name_batch(batch.token, id)
            error = self._collect(replace(batch, id=id), wanted, parse, whole=len(wanted) == len(expected))
            if isinstance(error, GoneError):
                _log.warning("%s: %s; what is not answered is submitted anew", error.where, error.what)
            elif error is not None:
                raise error

    def _collect(self, batch: Batch, requests: dict[str, Request], parse: Parse, whole: bool) -> PotstillError | None:
        """Wait for a batch and write down its answers to `requests`; `whole`: nobody waits for others.

        Returns:
            the first refusal among them, or that the server no longer has the batch, of which nothing more is expected then.
        """
        tokens = sum(request.tokens for request in requests.values())
        microusd = most_microusd(tokens, self._endpoint.price)
        self._account.budget.set_aside(tokens, microusd)
        used_tokens, used_microusd, first = 0, 0, None
        try:
            results = self._wait(batch)
            if results is None:
                used_tokens, used_microusd = tokens, microusd or 0
                return self._gone(batch, requests)
            while some := list(islice(results, 100)):
                read = [self._read(result, requests[result.key], batch, parse) for result in some if result.key in requests]
                self._account.ledger.write([entry for entry, _ in read])
                used_tokens += sum(entry.charged_tokens for entry, _ in read)
                used_microusd += sum(entry.charged_microusd or 0 for entry, _ in read)
                first = first or next((error for _, error in read if error is not None), None)
            if whole:
                self._account.ledger.end_batch(batch.token)
        finally:
            self._account.budget.settle(tokens, microusd, used_tokens, used_microusd)
        return first

    def _wait(self, batch: Batch) -> Iterator[Result] | None:
        """The results of a batch when it has ended; None: the server no longer has it.

        Raises:
            ModelError: the server refused it as a whole, cannot be reached, or has no batch API any more.
        """
        seconds, absent = POLL, 0
        while True:
            try:
                if background.run(self._shape.ended(batch.id)):
                    return background.run(self._shape.results(batch.id))
                absent = 0
            except AbsentError:
                absent += 1
                if absent == LOOKS:
                    self._check_api(batch)
                    return None
            except ModelError as error:
                if error.where == batch.id:  # the server refused it as a whole
                    self._account.ledger.end_batch(batch.token)
                raise
            self._pause(seconds)
            seconds = min(LONGEST_POLL, seconds * GROWTH)

    def _gone(self, batch: Batch, requests: dict[str, Request]) -> GoneError:
        """Forget a batch that the server has forgotten, which may have answered all of it unheard; what to tell of it."""
        error = GoneError("the server no longer has the batch", where=batch.id, fix="run the same command: it is submitted anew")
        lost = [self._entry(key, one, "failed", batch, self._aside(one), error=error.what) for key, one in requests.items()]
        self._account.ledger.write(lost)
        self._account.ledger.end_batch(batch.token, error.what)
        return error

    def _check_api(self, batch: Batch) -> None:
        """Whether the server still lists batches: one that it does not know may otherwise be there when its API is.

        Raises:
            ModelError: it does not.
        """
        try:
            background.run(self._shape.find(batch, ()))
        except AbsentError as error:
            raise self._no_api(error) from None

    def _read(self, result: Result, request: Request, batch: Batch, parse: Parse) -> tuple[Entry, PotstillError | None]:
        """What to write down of one result, and the error when the request is refused for good."""
        secret = self._place.secret
        try:
            if not 200 <= result.status < 300 and not (result.status in retry.REFUSED and is_filtered(result.body)):
                fault = retry.read_status(result.status, {}, result.body, self._place, request.about)
                return self._entry(result.key, request, "failed", batch, error=fault.what), None
            raw = secret.remove(result.body)
            usage = parse(request, raw)[1]
        except MalformedError as error:
            return self._unread(result.key, request, batch, raw, secret.scrub(str(error)), error.fix)
        except PotstillError as error:
            return self._entry(result.key, request, "failed", batch, error=secret.scrub(str(error))), error
        usage = replace(usage, cost_microusd=cost_microusd(usage, self._endpoint.price))
        charge = charged(usage, *self._aside(request))
        return self._entry(result.key, request, "answered", batch, charge, usage=usage, response=raw, answered_at=time.time()), None

    def _unread(self, key: str, request: Request, batch: Batch, raw: bytes, what: str, fix: str) -> tuple[Entry, PotstillError | None]:
        """What to write down of a response that is not what was asked for, and the error when it is not the first."""
        self._spoilt[key] += 1
        entry = self._entry(key, request, "failed", batch, charge=self._aside(request), error=what, response=raw)
        last = self._spoilt[key] >= retry.MOST_SPOILT
        return entry, retry.not_understood(what, self._endpoint.dialect, self._place, request.about, fix) if last else None

    def _aside(self, request: Request) -> tuple[int, int | None]:
        """The most that a request can take, in tokens and micro-dollars."""
        return request.tokens, most_microusd(request.tokens, self._endpoint.price)

    def _entry(
        self, key: str, request: Request, state: State, batch: Batch, charge: tuple[int, int | None] = (0, 0), **fields: Any
    ) -> Entry:
        model = str(request.body.get("model", ""))
        return Entry(
            key,
            state,
            server=self._place.server,
            model=model,
            about=request.about,
            charged_tokens=charge[0],
            charged_microusd=charge[1],
            batch=batch.token,
            **fields,
        )
