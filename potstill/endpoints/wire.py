"""The few requests that are no harvest: probes, files, batches. Nothing of them is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from potstill.endpoints import retry
from potstill.endpoints.retry import Fault, Place, UnansweredError

CONNECT = 30.0
"""Most seconds for a connection."""
KEEP_ALIVE = 4.0
"""Seconds for which an idle connection is kept: many servers close theirs after five."""


def open_session(headers: Mapping[str, str], timeout: float) -> aiohttp.ClientSession:
    """A session that opens as many connections as are asked for and keeps no cookies; to be called on the loop."""
    return aiohttp.ClientSession(
        headers={"User-Agent": "potstill", **headers},
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, keepalive_timeout=KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT, timeout)),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Wire:
    """Sends requests one by one, and again where that can help.

    Args:
        base_url: the server's address, with the version.
        headers: of every request, the key's among them.
        timeout: seconds a request.
        place: who is asked, for errors.
        attempts: at one request.
        root: the address without the version; None: the host alone.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], timeout: float, place: Place, attempts: int, root: str | None = None
    ) -> None:
        self._base, self._headers, self._timeout, self._place = base_url.rstrip("/"), headers, timeout, place
        self._attempts, self._root = attempts, (place.server if root is None else root).rstrip("/")

    def below_root(self, url: str) -> str:
        """The path of an address of this server, from its root: `/v1/chat/completions`."""
        return url.removeprefix(self._root)

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, Any] | None = None,
        name: str = "",
        attempts: int | None = None,
    ) -> bytes:
        """The response's body, without the key.

        Args:
            method: as `GET`.
            path: below the server's address (`models`), or from its root (`/props`).
            body: sent as JSON.
            form: sent as a form; bytes as a file.
            name: for the header that keeps a server from doing it twice.
            attempts: at this request; None: as at the others.

        Raises:
            ModelError: the server cannot be reached or refuses.
        """
        url, times = self._url(path), 0
        async with open_session(self._headers, self._timeout) as session:
            while True:
                headers, data = _content(body, form)
                if name:
                    headers["Idempotency-Key"] = name
                told = await self._once(session.request(method, url, data=data, headers=headers, allow_redirects=False), url)
                if isinstance(told, bytes):
                    return told
                times += 1
                if times == (attempts or self._attempts):
                    raise retry.given_up(told, times, self._place, url)
                await asyncio.sleep(max(told.retry_after or 0.0, min(retry.CAP, retry.BASE * times)))

    async def json(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, Any] | None = None,
        name: str = "",
        attempts: int | None = None,
    ) -> Any:
        """The same, read as JSON.

        Raises:
            ModelError: as `send`, or it is no JSON.
        """
        raw = await self.send(method, path, body=body, form=form, name=name, attempts=attempts)
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            fix = "check the address and the dialect"
            raise UnansweredError("the server does not answer in JSON", where=self._url(path), fix=fix) from None

    def _url(self, path: str) -> str:
        return f"{self._root}{path}" if path.startswith("/") else f"{self._base}/{path}"

    async def _once(self, asked: Any, url: str) -> bytes | Fault:
        """One attempt: the body, or why there is none."""
        try:
            async with asked as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return retry.read_failure(error, self._place, url)
        if 200 <= response.status < 300:
            return self._place.secret.remove(raw)
        return retry.read_status(response.status, response.headers, raw, self._place, url)


def _content(body: Any, form: Mapping[str, Any] | None) -> tuple[dict[str, str], Any]:
    """Headers and data of a request."""
    if form is None:
        return ({}, None) if body is None else ({"Content-Type": "application/json"}, orjson.dumps(body, default=dict))
    data = aiohttp.FormData()
    for field, value in form.items():
        data.add_field(field, value, filename="batch.jsonl" if isinstance(value, bytes) else None)
    return {}, data
