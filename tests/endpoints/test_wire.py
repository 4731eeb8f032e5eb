from __future__ import annotations

import pytest

from potstill.endpoints import background, retry
from potstill.endpoints.retry import Place
from potstill.endpoints.secrets import Secret
from potstill.endpoints.wire import Wire
from potstill.errors import ModelError
from tests.endpoints.plain_server import PlainServer, Reply

KEY = "pl4nted-key"


def wire(server: PlainServer, attempts: int = 3) -> Wire:
    return Wire(server.base, {"X-Mine": "1"}, 5.0, Place(server.base, secret=Secret("SOME_KEY", KEY)), attempts)


def test_json_goes_there_and_back() -> None:
    with PlainServer(lambda _, body: Reply(body={"got": body, "key": KEY})) as server:
        assert background.run(wire(server).json("POST", "x", body={"a": 1}, name="n")) == {"got": {"a": 1}, "key": "[secret]"}
        assert background.run(wire(server).json("GET", "/y"))["got"] == {}
    assert server.headers[0]["Content-Type"] == "application/json"
    assert server.headers[0]["X-Mine"] == "1"
    assert server.asked["n"] == 1


def test_what_can_succeed_is_tried_again_and_at_last_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE", 0.001)
    with PlainServer(lambda number, _: Reply(500, b"no") if number != 2 else None) as server:
        assert background.run(wire(server).json("GET", "x"))["value"] is None
        with pytest.raises(ModelError, match="given up after 3 attempts: the server answered 500: no"):
            background.run(wire(server).json("GET", "x"))
    assert len(server.bodies) == 6


def test_what_cannot_is_told_at_once() -> None:
    with PlainServer(lambda *_: Reply(401, b"no")) as server:
        with pytest.raises(ModelError, match="check the key in SOME_KEY"):
            background.run(wire(server).send("GET", "x"))
    assert len(server.bodies) == 1


def test_what_is_no_json_is_told() -> None:
    with PlainServer(lambda *_: Reply(body=b"<html>")) as server:
        with pytest.raises(ModelError, match="does not answer in JSON"):
            background.run(wire(server).json("GET", "x"))
        assert background.run(wire(server).send("GET", "x")) == b"<html>"


def test_paths_are_below_the_address_or_its_root() -> None:
    asked = list[str]()

    def here(server: PlainServer, root: str | None) -> None:
        one = Wire(f"{server.base}/", {}, 5.0, Place(server.base.removesuffix("/v1")), 1, root)
        for path in ("models", "/props"):
            background.run(one.json("GET", path))
        asked.append(one.below_root(server.url))

    with PlainServer() as server:
        here(server, None)
        here(server, server.base)
    assert server.paths == ["/v1/models", "/props", "/v1/models", "/v1/props"]
    assert asked == ["/v1/ask", "/ask"]
