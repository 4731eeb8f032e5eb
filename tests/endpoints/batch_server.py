"""A server in a thread with both shapes of batch API; a batch ends when it has been looked at a few times."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.endpoints.plain_server import echo

Answer = Callable[[dict[str, Any]], tuple[int, Any]]


def well(body: dict[str, Any]) -> tuple[int, Any]:
    return 200, echo(body)


class BatchServer:
    """A context manager; `submitted` holds the requests of each batch, by the server's id.

    Attributes:
        lost: of so many submissions the answer is lost, after the batch was made.
        dropped: so many submissions are lost, and no batch is made.
        gone: batches that the server has forgotten.
        absent: whether it has no batch API at all.
    """

    def __init__(self, answer: Answer = well, looks: int = 2, lost: int = 0, dropped: int = 0) -> None:
        self.answer, self.looks, self.lost, self.dropped = answer, looks, lost, dropped
        self.submitted: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.marks: dict[str, dict[str, str]] = {}
        self.made: dict[str, str] = {}
        self.left: dict[str, int] = {}
        self.files: dict[str, bytes] = {}
        self.gone, self.absent = set[str](), False
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> BatchServer:
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
        application = web.Application(client_max_size=1 << 28, middlewares=[self._forgetting])
        application.add_routes(
            [
                web.post("/v1/files", self._upload),
                web.post("/v1/batches", self._batch),
                web.get("/v1/batches", self._list),
                web.get("/v1/batches/{id}", self._look),
                web.get("/v1/files/{id}/content", self._content),
                web.post("/v1/messages/batches", self._messages),
                web.get("/v1/messages/batches", self._list_messages),
                web.get("/v1/messages/batches/{id}", self._look_messages),
                web.get("/v1/messages/batches/{id}/results", self._results),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    @web.middleware
    async def _forgetting(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.absent or request.match_info.get("id") in self.gone:
            return web.json_response({"error": {"message": "no such batch"}}, status=404)
        return await handler(request)

    def _submit(self, requests: list[tuple[str, dict[str, Any]]], mark: dict[str, str]) -> str:
        id = f"batch_{len(self.submitted)}"
        self.submitted[id], self.marks[id], self.left[id] = requests, mark, self.looks
        self.made[id] = datetime.now(UTC).isoformat()
        return id

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        id = f"file_{len(self.files)}"
        self.files[id] = form["file"].file.read()  # type: ignore[union-attr]
        return web.json_response({"id": id})

    def _told(self, request: web.Request, id: str, status: dict[str, str]) -> web.Response:
        """The answer to a submission, or a broken connection."""
        if self.lost:
            self.lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": id, **status})

    def _drops(self, request: web.Request) -> bool:
        if not self.dropped:
            return False
        self.dropped -= 1
        assert request.transport is not None
        request.transport.abort()
        return True

    async def _batch(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self._drops(request):
            return web.Response()
        lines = [orjson.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert {line["url"] for line in lines} == {body["endpoint"]}
        id = self._submit([(line["custom_id"], line["body"]) for line in lines], body["metadata"])
        return self._told(request, id, {"status": "validating"})

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": id, "metadata": self.marks[id]} for id in reversed(self.submitted)]})

    async def _look(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        if self.left[id] > 0:
            self.left[id] -= 1
            return web.json_response({"id": id, "status": "in_progress"})
        if f"{id}-good" not in self.files:
            self._answer_all(id)
        told = {
            "id": id,
            "status": "completed",
            "output_file_id": f"{id}-good",
            "error_file_id": f"{id}-bad" if self.files[f"{id}-bad"] else None,
        }
        return web.json_response(told)

    def _answer_all(self, id: str) -> None:
        good, bad = list[bytes](), list[bytes]()
        for key, body in self.submitted[id]:
            status, told = self.answer(body)
            line = {
                "custom_id": key,
                "response": {"status_code": status, "body": told} if status else None,
                "error": None if status else {"code": "expired"},
            }
            (good if status == 200 else bad).append(orjson.dumps(line))
        self.files[f"{id}-good"], self.files[f"{id}-bad"] = b"\n".join(good), b"\n".join(bad)

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def _messages(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self._drops(request):
            return web.Response()
        id = self._submit([(one["custom_id"], one["params"]) for one in body["requests"]], {})
        return self._told(request, id, {"processing_status": "in_progress"})

    async def _list_messages(self, request: web.Request) -> web.Response:
        told = [
            {"id": id, "created_at": self.made[id], "request_counts": {"processing": len(self.submitted[id]), "succeeded": 0}}
            for id in reversed(self.submitted)
        ]
        return web.json_response({"data": told})

    async def _look_messages(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        self.left[id] -= 1
        return web.json_response({"id": id, "processing_status": "ended" if self.left[id] < 0 else "in_progress"})

    async def _results(self, request: web.Request) -> web.Response:
        lines = []
        for key, body in self.submitted[request.match_info["id"]]:
            status, told = self.answer(body)
            result: dict[str, Any] = {"type": "succeeded", "message": told}
            if status == 0:
                result = {"type": "expired"}
            elif status != 200:
                kind = "invalid_request_error" if status == 400 else "api_error"
                result = {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": told}}}
            lines.append(orjson.dumps({"custom_id": key, "result": result}))
        return web.Response(body=b"\n".join(lines))
