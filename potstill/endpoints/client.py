"""The client: asks a server what a ledger does not know yet, and gives the answers in order.

    client = Client("http://localhost:8000/v1", endpoint)
    for value, usage, key, sha256 in client.ask(requests, parse):
        ...

An answer is on the disk before it is given out; whoever stops, or is stopped, and asks again pays only for what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from potstill.endpoints import background, retry
from potstill.endpoints.account import Account, account
from potstill.endpoints.base import MalformedError, Parse, Request
from potstill.endpoints.batch import Batches
from potstill.endpoints.batch_shapes import AnthropicShape, OpenAIShape
from potstill.endpoints.budget import check_price, most_microusd
from potstill.endpoints.jobs import Job, Order, Outcome, in_order
from potstill.endpoints.retry import Place
from potstill.endpoints.secrets import read_key, refuse_credentials
from potstill.endpoints.sender import Sender
from potstill.endpoints.wire import Wire
from potstill.errors import ModelError, StoreError
from potstill.models.base import Endpoint
from potstill.store.ledger import Stored

TOGETHER = 32
"""Requests that are pulled and looked up at once."""
AHEAD = 4
"""Times the concurrency: requests on their way while the slowest is waited for."""
GRACE = 5.0
"""Seconds that requests in flight have to end when nobody wants their answers any more: they are paid for."""
PROBES = 3
"""Attempts at a question that costs nothing."""


def bearer(key: str) -> Mapping[str, str]:
    """The header that carries a key to most servers."""
    return {"Authorization": f"Bearer {key}"}


class Client:
    """Asks one server. Stages use it from their own thread; the talking is done in another.

    Args:
        base_url: the server's address, as `http://localhost:8000/v1`.
        endpoint: how it is asked.
        headers: of every request, the key's aside.
        credentials: the headers that carry the key.
        root: the address without the version; None: the host alone.

    Raises:
        ModelError: the address cannot be used or holds a key, the key's variable is not set, or a price is missing.
    """

    def __init__(
        self,
        base_url: str,
        endpoint: Endpoint,
        headers: Mapping[str, str] | None = None,
        credentials: Callable[[str], Mapping[str, str]] = bearer,
        root: str | None = None,
    ) -> None:
        refuse_credentials(base_url)
        self.base_url, self.endpoint, self._root = base_url, endpoint, root
        self._origin = _origin(base_url)
        secret = read_key(endpoint.api_key_env)
        check_price(endpoint.spending, endpoint.price, base_url)
        self._headers = {**(headers or {}), **(credentials(secret.value) if secret.value else {})}
        self._place = Place(self._origin, secret=secret, ledger="" if endpoint.spending.ledger is None else str(endpoint.spending.ledger))
        self._wire = self._wired(PROBES)
        self._account: Account | None = None
        self._sender: Sender | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client may be used again, and opens new ones."""
        if self._sender is not None:
            background.run(self._sender.close(), GRACE)

    @property
    def server(self) -> str:
        """Scheme, host and port: under this name its requests stand in the ledger."""
        return self._origin

    @property
    def account(self) -> Account:
        """The ledger and the budget; opened when they are first asked for.

        Raises:
            StoreError: the ledger cannot be opened.
        """
        if self._account is None:
            self._account = account(self.endpoint.spending)
        return self._account

    def ask(self, requests: Iterable[Request], parse: Parse) -> Iterator[Outcome]:
        """The answers to `requests`, in their order: what a response says, what it took, the request's key and the response's SHA-256.

        Requests are pulled as they are needed, and as many are in flight as the server bears, up to the endpoint's concurrency. What the
        ledger holds is read anew and not asked again. When the iterator is closed, requests in flight have a few seconds to end.

        Raises:
            ModelError, CapabilityError: the server cannot be reached, or refuses a request for good; what was in flight is kept.
            BudgetError: the budget, or the server's quota, is used up.
            StoreError: the ledger cannot be read or written, or an answer in it can no longer be read by `parse`.
        """
        if self.endpoint.batch:
            yield from self._ask_in_batches(requests, parse)
            return
        sender, order, known = self._sending(), Order(parse), dict[str, Job]()
        source = iter(requests)

        def pull() -> list[Job]:
            return self._pull(source, order, known, sender)

        try:
            for job in in_order(pull, order, AHEAD * self.endpoint.concurrency + TOGETHER):
                known.pop(job.key, None)
                if job.error is not None:
                    order.wait_for_all(None)
                    raise job.error
                if job.outcome is not None:
                    yield job.outcome
        finally:
            self._end(order, sender)

    def _ask_in_batches(self, requests: Iterable[Request], parse: Parse) -> Iterator[Outcome]:
        """The same through the server's asynchronous API."""
        wire = self._wired(retry.MOST_ATTEMPTS)
        shape = AnthropicShape(wire) if self.endpoint.dialect == "anthropic" else OpenAIShape(wire)
        for settled in Batches(shape, self.endpoint, self._place, self.account).settle(map(self._checked, requests), parse):
            for start in range(0, len(settled), TOGETHER):
                keyed = [(request.key, request) for request in settled[start : start + TOGETHER]]
                stored = self.account.ledger.stored([key for key, _ in keyed])
                yield from (self._replayed(request, key, parse, stored[key]) for key, request in keyed)

    def get_json(self, path: str) -> Any:
        """What the server answers to a GET of `path`: below its address (`models`), or from its root (`/props`). Nothing is written down.

        Raises:
            ModelError: it cannot be reached, refuses, or does not answer in JSON.
        """
        return background.run(self._wire.json("GET", path))

    def post_json(self, path: str, body: Mapping[str, Any]) -> Any:
        """The same for a POST; only for questions that cost nothing.

        Raises:
            ModelError: as `get_json`.
        """
        return background.run(self._wire.json("POST", path, body=dict(body)))

    def _wired(self, attempts: int) -> Wire:
        return Wire(self.base_url, self._headers, self.endpoint.timeout, self._place, attempts, self._root)

    def _sending(self) -> Sender:
        if self._sender is None:
            self._sender = Sender(self._place, self.endpoint, self._headers, self.account)
            finalize(self, _close, self._sender)
        return self._sender

    def _pull(self, source: Iterator[Request], order: Order, known: dict[str, Job], sender: Sender) -> list[Job]:
        """The next few jobs: those that the ledger answers are done, the others are on their way."""
        jobs: list[Job] = []
        new: list[Job] = []
        for request in islice(source, TOGETHER):
            key = self._checked(request).key
            if key not in known:
                known[key] = Job(request, key, order, most_microusd(request.tokens, self.endpoint.price))
                known[key].named = self.account.spoilt.get(key, 0)
                new.append(known[key])
            jobs.append(known[key])
        stored = self.account.ledger.stored([job.key for job in new])
        for job in new:
            if job.key in stored:
                job.outcome, job.done = self._replayed(job.request, job.key, order.parse, stored[job.key]), True
        missing = [job for job in new if not job.done]
        if missing:
            order.begin(len(missing))
            background.loop().call_soon_threadsafe(sender.add, missing)
        return jobs

    def _checked(self, request: Request) -> Request:
        """The key goes to no other server."""
        if not request.url.startswith(f"{self._origin}/"):
            fix = f"ask it through a client of its own; this one is for {self._origin}"
            raise ModelError("a request to another server", where=_origin(request.url), fix=fix)
        return request

    def _replayed(self, request: Request, key: str, parse: Parse, stored: Stored) -> Outcome:
        """An answer that was paid for, read again."""
        try:
            value, usage = parse(request, stored.raw)
        except MalformedError as error:
            what = f"a stored answer can no longer be read: {error} (request {key[:16]}, {request.about})"
            fix = "it is kept: read it with the version that asked for it, or choose another run folder to ask anew"
            raise StoreError(what, where=str(self.account.ledger.path or "the ledger in memory"), fix=fix) from error
        return value, replace(usage, cost_microusd=stored.usage.cost_microusd), key, stored.sha256

    def _end(self, order: Order, sender: Sender) -> None:
        """Begin nothing new, let what is in flight end, and break off what takes too long."""
        order.stop(ModelError("not asked any more", where=self._origin))
        if order.wait_for_all(0):
            return
        background.loop().call_soon_threadsafe(sender.sweep, order)
        if not order.wait_for_all(GRACE):
            background.loop().call_soon_threadsafe(sender.cancel, order)
            order.wait_for_all(GRACE)


def _origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ModelError("not an address", where=url, fix="give it as http://HOST:PORT/v1#MODEL")
    return f"{parts.scheme}://{parts.netloc}"


def _close(sender: Sender) -> None:
    """Close it, and wait for that; not on the loop itself, where the last reference may go and which would wait for its own doing."""
    if background.is_here():
        background.start(sender.close())
    else:
        background.run(sender.close(), GRACE)
