from __future__ import annotations

import time

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
    return Wire(base, {}, 5.0, Place(base), 1)


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
        assert background.run(one.find(Batch("token", "", "", 3, time.time()))) == id


def test_another_batch_is_not_taken_for_ours() -> None:
    with BatchServer() as server:
        first, second = OpenAIShape(wire(server.base)), AnthropicShape(wire(server.base))
        background.run(first.submit(background.run(first.prepare(REQUESTS, "token")), "token"))
        assert background.run(first.find(Batch("other", "", "", 3, 0.0))) == ""
        assert background.run(second.find(Batch("token", "", "", 4, 0.0))) == ""
        assert background.run(second.find(Batch("token", "", "", 3, time.time() + 2 * SLACK))) == ""


def test_a_batch_refused_as_a_whole_says_why() -> None:
    told = {"id": "b", "status": "failed", "errors": {"data": [{"message": "line 3 is too long"}]}}
    with PlainServer(lambda *_: Reply(body=told)) as server:
        with pytest.raises(ModelError, match="b: the server refused the batch: line 3 is too long"):
            background.run(OpenAIShape(wire(server.base)).ended("b"))
