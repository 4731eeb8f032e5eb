"""The test server: routes, faults, counts, and the thread that it runs in."""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from aiohttp import web

from tests.endpoints.server import anthropic, llama_cpp, openai, sglang
from tests.endpoints.server.behaviour import Behaviour, Body, RefusedError
from tests.endpoints.server.network import NAME, Network
from tests.endpoints.server.spoiling import without_something

Speaker = Callable[[Network, Body], Body]
SPEAKERS: dict[str, Speaker] = {
    "/v1/completions": openai.completions,
    "/v1/chat/completions": openai.chat,
    "/v1/messages": anthropic.messages,
    "/generate": sglang.generate,
    "/completion": llama_cpp.completion,
    "/tokenize": llama_cpp.tokenize,
    "/apply-template": llama_cpp.apply_template,
}
"""Path -> what answers a body that is posted there."""


class Server:
    """A server in a thread of this process: `with Server(folder) as server: ... server.url`.

    Args:
        folder: of the model, as `tests.models.small.write_model` writes it.
        behaviour: how it differs from a well-behaved one.
        tls: to speak `https`.

    Attributes:
        attempts: body's digest -> how often it came.
        answered: request -> how often it was answered whole, and charged. A request is its `Idempotency-Key` up to a dash, else its
            body's digest. A key that comes again after its answer gets the same answer, which is not charged again.
        faults: fault -> how often it was met.
        bodies: what was posted, in order: path and body.
    """

    def __init__(self, folder: Path, behaviour: Behaviour | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.network = Network(folder, self.behaviour)
        self.attempts: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._kept: dict[str, Body] = {}
        self.bodies: list[tuple[str, Body]] = []
        self._loop = asyncio.new_event_loop()
        self._port, self._tls = 0, tls

    @property
    def root(self) -> str:
        """`http://HOST:PORT`."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """What a recipe names: `http://HOST:PORT/v1#MODEL`."""
        return f"{self.root}/v1#{NAME}"

    def __enter__(self) -> Server:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(30), "the test server does not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=1 << 28)
        for path in SPEAKERS:
            app.router.add_post(path, self._post)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/props", self._properties)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._tls).start())
        self._port = runner.addresses[0][1]
        started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return _json(200, {"object": "list", "data": [{"id": NAME, "object": "model", "max_model_len": self.network.context}]})

    async def _properties(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return _json(200, llama_cpp.properties(self.network))

    async def _post(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        plain = hashlib.sha256(request.path.encode() + raw).hexdigest()
        fault = self.behaviour.fault(plain, self.attempts[plain])
        self.attempts[plain] += 1
        self.faults.update([fault] if fault else [])
        body = orjson.loads(raw)
        self.bodies.append((request.path, body))
        await asyncio.sleep(self.behaviour.delay)
        before = await self._stopped_by(fault, request)
        if before is not None:
            return before
        try:
            self._check_key(request)
            if body.get("model", NAME) != NAME:
                raise RefusedError(404, f"The model `{body['model']}` does not exist.", "NotFoundError")
            key = request.headers.get("Idempotency-Key")
            answer = self._kept.get(key or "") or SPEAKERS[request.path](self.network, body)
        except RefusedError as error:
            return _json(error.status, {"error": {"message": error.message, "type": error.kind, "code": error.status}})
        return self._sent(fault, key, plain, answer)

    async def _stopped_by(self, fault: str | None, request: web.Request) -> web.StreamResponse | None:
        """The response of a fault that comes instead of an answer."""
        if fault == "429":
            return _json(429, {"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}, {"Retry-After": "0.01"})
        if fault == "500":
            return _json(500, {"error": {"message": "Internal server error", "type": "server_error"}})
        if fault == "timeout":
            await asyncio.sleep(self.behaviour.stall)
        if fault in {"timeout", "reset"} and request.transport is not None:
            request.transport.abort()
            return web.Response()
        return None

    def _sent(self, fault: str | None, key: str | None, plain: str, answer: Body) -> web.Response:
        if fault == "truncated":
            text = orjson.dumps(answer)
            return web.Response(body=text[: len(text) // 2], content_type="application/json")
        if fault == "missing" and key not in self._kept:  # what was sent whole under a name is sent so again
            return _json(200, without_something(answer, random.Random(f"{self.behaviour.seed}/{plain}/{self.attempts[plain]}")))
        if key is None or key not in self._kept:
            self.answered[(key or plain).partition("-")[0]] += 1
        if key is not None:
            self._kept[key] = answer
        return _json(200, answer)

    def _check_key(self, request: web.Request) -> None:
        key = self.behaviour.key
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key", "")
        if key is not None and shown != key:
            raise RefusedError(401, "Incorrect API key provided.", "authentication_error")


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)
