from __future__ import annotations

import time
from datetime import UTC, datetime

import orjson
import pytest

from potstill.endpoints import background
from potstill.endpoints.base import Request
from potstill.endpoints.batch_shapes import SLACK, AnthropicShape, OpenAIShape, Result
from potstill.endpoints.retry import Place
from potstill.endpoints.wire import Wire
from potstill.errors import ModelError
from potstill.store.ledger import Batch
from tests.endpoints.batch_server import BatchServer
from tests.endpoints.plain_server import PlainServer, Reply

REQUESTS = {f"{i}": Request("http://x/v1/ask", {"i": i}, {}) for i in range(3)}


def wire(base: str) -> Wire:
    return Wire(base, {}, 5.0, Place(base.removesuffix("/v1")), 1)


@pytest.mark.parametrize("shape", [OpenAIShape, AnthropicShape])
def test_a_batch_goes_there_and_comes_back(shape: type[OpenAIShape] | type[AnthropicShape]) -> None:
    with BatchServer(lambda body: (200, {"i": body["i"]}) if body["i"] else (0, None), looks=1) as server:
        one = shape(wire(server.base))
        id = background.run(one.submit(background.run(one.prepare(REQUESTS, "token")), "token"))
        assert not background.run(one.ended(id))
        assert background.run(one.ended(id))
        results = sorted(background.run(one.results(id)), key=lambda result: result.key)
        assert results[1:] == [Result("1", 200, b'{"i":1}'), Result("2", 200, b'{"i":2}')]
        assert (results[0].key, results[0].status) == ("0", 408)
        assert background.run(one.find(Batch("token", "", "", 3, time.time()), ())) == [id]


def test_another_batch_is_not_taken_for_ours() -> None:
    with BatchServer() as server:
        first, second = OpenAIShape(wire(server.base)), AnthropicShape(wire(server.base))
        background.run(first.submit(background.run(first.prepare(REQUESTS, "token")), "token"))
        assert background.run(first.find(Batch("other", "", "", 3, 0.0), ())) == []
        assert background.run(second.find(Batch("token", "", "", 4, 0.0), ())) == []
        assert background.run(second.find(Batch("token", "", "", 3, time.time() + 2 * SLACK), ())) == []


def test_of_batches_of_a_size_the_nearest_in_time_comes_first_and_known_ones_are_left_out() -> None:
    made = [{"id": f"b{i}", "created_at": f"2026-01-01T00:0{i}:00Z", "request_counts": {"processing": 3}} for i in (3, 2, 1, 0)]
    ours = Batch("token", "", "", 3, datetime(2026, 1, 1, 0, 1, 50, tzinfo=UTC).timestamp())
    with PlainServer(lambda *_: Reply(body={"data": made})) as server:
        assert background.run(AnthropicShape(wire(server.base)).find(ours, {"b3"})) == ["b2", "b1", "b0"]


def test_a_request_of_a_batch_is_named_from_the_servers_root() -> None:
    with BatchServer() as server:
        one = OpenAIShape(Wire(server.base, {}, 5.0, Place("http://x"), 1, "http://x/api"))
        requests = {"0": Request("http://x/api/v1/ask", {"i": 0}, {})}
        assert background.run(one.prepare(requests, "token"))["endpoint"] == "/v1/ask"
        assert orjson.loads(server.files["file_0"])["url"] == "/v1/ask"


def test_a_batch_refused_as_a_whole_says_why() -> None:
    told = {"id": "b", "status": "failed", "errors": {"data": [{"message": "line 3 is too long"}]}}
    with PlainServer(lambda *_: Reply(body=told)) as server:
        with pytest.raises(ModelError, match="b: the server refused the batch: line 3 is too long"):
            background.run(OpenAIShape(wire(server.base)).ended("b"))
