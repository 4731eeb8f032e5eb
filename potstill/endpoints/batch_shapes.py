"""Two shapes of asynchronous batch API: OpenAI's files and batches, and Anthropic's message batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from potstill.endpoints.base import Request
from potstill.endpoints.retry import UnansweredError
from potstill.endpoints.wire import Wire
from potstill.errors import ModelError
from potstill.store.ledger import Batch

MARK = "potstill"
"""The key in a batch's metadata under which our own name for it stands."""
LISTED = 100
"""Batches that are looked through for one of which only our name is known."""
SLACK = 300.0
"""Seconds by which a server's clock may be behind ours."""
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
}
_AGAIN = 408


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one request: its key, the status and the body that it would have had if it had been sent by itself."""

    key: str
    status: int
    body: bytes


class Shape(Protocol):
    """How one kind of server takes batches.

    Attributes:
        marks: whether a batch carries our name, so that one which is found by it is ours.
    """

    marks: bool

    async def prepare(self, requests: Mapping[str, Request], token: str) -> Mapping[str, Any]:
        """What `submit` sends for requests by their keys; nothing is paid for it."""
        ...

    async def submit(self, body: Mapping[str, Any], token: str) -> str:
        """Submit once what was prepared; the server's id of the batch.

        Raises:
            UnansweredError: whether the server has it is not known.
        """
        ...

    async def find(self, batch: Batch, known: Collection[str]) -> list[str]:
        """The ids of what may be a batch of which only our name is known, the likeliest first; `known` are those of others."""
        ...

    async def ended(self, id: str) -> bool:
        """Whether nothing more happens to a batch.

        Raises:
            ModelError: the server refused it as a whole.
        """
        ...

    async def results(self, id: str) -> Iterator[Result]:
        """What became of each of its requests."""
        ...


class OpenAIShape:
    """A file of requests is uploaded and a batch made of it; a file of answers and one of errors are fetched."""

    marks = True

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def prepare(self, requests: Mapping[str, Request], token: str) -> Mapping[str, Any]:
        """Upload the file."""
        lines = [
            orjson.dumps({"custom_id": key, "method": "POST", "url": self._wire.below_root(one.url), "body": one.body}, default=dict)
            for key, one in requests.items()
        ]
        uploaded = await self._wire.json(
            "POST", "files", form={"purpose": "batch", "file": b"\n".join(lines) + b"\n"}, name=f"{token}-file"
        )
        path = self._wire.below_root(next(iter(requests.values())).url)
        return {"input_file_id": _id(uploaded), "endpoint": path, "completion_window": "24h", "metadata": {MARK: token}}

    async def submit(self, body: Mapping[str, Any], token: str) -> str:
        """Make a batch of it."""
        return _id(await self._wire.json("POST", "batches", body=body, name=token, attempts=1))

    async def find(self, batch: Batch, known: Collection[str]) -> list[str]:
        """By our name in its metadata."""
        told = await self._wire.json("GET", f"batches?limit={LISTED}")
        return [str(one["id"]) for one in told["data"] if (one.get("metadata") or {}).get(MARK) == batch.token]

    async def ended(self, id: str) -> bool:
        """Completed, expired or cancelled."""
        told = await self._wire.json("GET", f"batches/{id}")
        if told["status"] == "failed":
            faults = "; ".join(str(one.get("message")) for one in (told.get("errors") or {}).get("data") or [])
            raise ModelError(
                f"the server refused the batch: {faults or 'it does not say why'}", where=id, fix="try it without batch = true"
            )
        return told["status"] in {"completed", "expired", "cancelled"}

    async def results(self, id: str) -> Iterator[Result]:
        """The lines of both files."""
        told = await self._wire.json("GET", f"batches/{id}")
        files = [told[name] for name in ("output_file_id", "error_file_id") if told.get(name)]
        raws = [await self._wire.send("GET", f"files/{file}/content") for file in files]
        return (_openai_result(orjson.loads(line)) for raw in raws for line in raw.splitlines() if line.strip())


class AnthropicShape:
    """Requests are submitted as one body, and results fetched as lines."""

    marks = False

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def prepare(self, requests: Mapping[str, Request], token: str) -> Mapping[str, Any]:
        """Nothing is sent."""
        return {"requests": [{"custom_id": key, "params": one.body} for key, one in requests.items()]}

    async def submit(self, body: Mapping[str, Any], token: str) -> str:
        """Submit."""
        return _id(await self._wire.json("POST", "messages/batches", body=body, name=token, attempts=1))

    async def find(self, batch: Batch, known: Collection[str]) -> list[str]:
        """By its time and its size: it has no metadata. Another's may fit as well, which only its results tell."""
        told = await self._wire.json("GET", f"messages/batches?limit={LISTED}")
        apart = {
            str(one["id"]): datetime.fromisoformat(one["created_at"]).timestamp() - batch.made_at
            for one in told["data"]
            if sum(one["request_counts"].values()) == batch.requests and one["id"] not in known
        }
        return sorted((id for id, seconds in apart.items() if seconds >= -SLACK), key=lambda id: abs(apart[id]))

    async def ended(self, id: str) -> bool:
        """Whether its processing has ended."""
        return bool((await self._wire.json("GET", f"messages/batches/{id}"))["processing_status"] == "ended")

    async def results(self, id: str) -> Iterator[Result]:
        """Its lines."""
        raw = await self._wire.send("GET", f"messages/batches/{id}/results")
        return (_anthropic_result(orjson.loads(line)) for line in raw.splitlines() if line.strip())


def _id(told: Any) -> str:
    """The id that a server gave what was sent."""
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), str):
        raise UnansweredError("the server gives no id", fix="check that it has a batch API, or leave `batch` out")
    return str(told["id"])


def _openai_result(line: Mapping[str, Any]) -> Result:
    response = line.get("response")
    if not response:
        return Result(line["custom_id"], _AGAIN, orjson.dumps({"error": line.get("error")}))
    return Result(line["custom_id"], int(response["status_code"]), orjson.dumps(response["body"]))


def _anthropic_result(line: Mapping[str, Any]) -> Result:
    result = line["result"]
    if result["type"] == "succeeded":
        return Result(line["custom_id"], 200, orjson.dumps(result["message"]))
    if result["type"] != "errored":  # expired or cancelled
        return Result(line["custom_id"], _AGAIN, orjson.dumps({"error": result["type"]}))
    error = result["error"].get("error", result["error"])
    return Result(line["custom_id"], _STATUS.get(error.get("type"), 500), orjson.dumps({"error": error}))
