"""A server in a thread that answers what it is told to, meets faults by a plan, and counts what it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from potstill.endpoints.base import MalformedError, Request
from potstill.types import Usage


@dataclass
class Reply:
    """What the server does with a request.

    `reset`: breaks the connection; `lost`: the same when it has answered; `cut`: sends half; `wait`: seconds before it answers.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    lost: bool = False
    cut: bool = False
    wait: float = 0.0


Plan = Callable[[int, dict[str, Any]], Reply | None]
"""The number of the request and its body -> what to do; None: answer well."""


def echo(body: dict[str, Any]) -> dict[str, Any]:
    """The good answer to a body: its own number."""
    return {"value": body.get("i"), "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


class PlainServer:
    """A context manager; `url` is where requests go.

    Attributes:
        asked: Idempotency-Key -> how often it came.
        answered: Idempotency-Key -> how often there was a whole good answer, and it was charged; it remembers none, and charges anew.
        bodies, headers, paths: of every request, in order.
        most: largest number of requests in flight at once.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan
        self.asked, self.answered = Counter[str](), Counter[str]()
        self.bodies, self.headers, self.paths = list[dict[str, Any]](), list[dict[str, str]](), list[str]()
        self.most = self._now = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PlainServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _start(self) -> None:
        application = web.Application(client_max_size=1 << 28)
        application.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        self.url = f"{self.base}/ask"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await self._reply(request)
        finally:
            self._now -= 1

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = orjson.loads(raw) if raw else {}
        name = request.headers.get("Idempotency-Key", "")
        self.asked[name] += 1
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        reply = (self.plan and self.plan(len(self.bodies) - 1, body)) or Reply()
        if reply.wait:
            await asyncio.sleep(reply.wait)
        if reply.reset:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        told = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body if reply.body is not None else echo(body))
        if reply.cut:
            told = told[: len(told) // 2]
        elif reply.status == 200:
            self.answered[name] += 1
        if reply.lost:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=reply.status, body=told, headers=reply.headers, content_type="application/json")


def read(request: Request, raw: bytes) -> tuple[Any, Usage]:
    """The parser of `echo`."""
    try:
        told = orjson.loads(raw)
        return told["value"], Usage(told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise MalformedError(f"no value: {error}") from None


def numbered(url: str, n: int, first: int = 0, tokens: int = 10) -> Iterator[Request]:
    """Requests that differ by their number."""
    for i in range(first, first + n):
        yield Request(url, {"model": "m", "i": i}, {"draw": "0"}, tokens=tokens, about=f"prompt {i}")
