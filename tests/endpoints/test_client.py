from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from potstill.endpoints import retry
from potstill.endpoints.base import Request
from potstill.endpoints.client import AHEAD, TOGETHER, Client
from potstill.endpoints.reading import with_filtered
from potstill.errors import BudgetError, CapabilityError, ModelError, PotstillError, StoreError
from potstill.models.base import Endpoint, Spending
from potstill.store.ledger import Ledger
from potstill.types import Usage
from tests.endpoints.plain_server import PlainServer, Reply, numbered, read


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of milliseconds."""
    monkeypatch.setattr(retry, "BASE", 0.01)
    monkeypatch.setattr(retry, "CAP", 0.05)


def endpoint(folder: Path, **settings: Any) -> Endpoint:
    spending = Spending(folder / "ledger.sqlite", settings.pop("tokens", None), settings.pop("usd", None))
    return Endpoint(spending=spending, **{"timeout": 5.0, "concurrency": 8, **settings})


def test_answers_come_in_order_with_what_they_took(tmp_path: Path) -> None:
    def slow(number: int, body: dict[str, Any]) -> Reply:
        return Reply(wait=random.Random(number).random() * 0.02)

    with PlainServer(slow) as server, Client(server.base, endpoint(tmp_path, price={"input": 1.0, "output": 2.5})) as client:
        requests = list(numbered(server.url, 100))
        got = list(client.ask(iter(requests), read))
    assert [value for value, *_ in got] == list(range(100))
    assert [key for _, _, key, _ in got] == [request.key for request in requests]
    assert {usage for _, usage, *_ in got} == {Usage(3, 2, cost_microusd=8)}
    stored = Ledger(tmp_path / "ledger.sqlite").stored([requests[5].key])[requests[5].key]
    assert stored.sha256 == got[5][3]
    assert server.most <= 8


def test_what_was_answered_is_never_asked_again(tmp_path: Path) -> None:
    with PlainServer() as server:
        with Client(server.base, endpoint(tmp_path, price={"input": 1.0, "output": 2.5})) as client:
            first = list(client.ask(numbered(server.url, 40), read))
        with Client(server.base, endpoint(tmp_path, concurrency=3, timeout=1.0)) as client:
            again = list(client.ask(numbered(server.url, 50), read))
    assert again[:40] == first
    assert len(server.bodies) == 50


def test_equal_requests_are_sent_once(tmp_path: Path) -> None:
    with PlainServer() as server, Client(server.base, endpoint(tmp_path)) as client:
        requests = [*numbered(server.url, 3), *numbered(server.url, 3)]
        assert [value for value, *_ in client.ask(requests, read)] == [0, 1, 2, 0, 1, 2]
    assert len(server.bodies) == 3


def test_requests_are_pulled_as_they_are_needed(tmp_path: Path) -> None:
    pulled = 0

    def counted(url: str) -> Iterator[Request]:
        nonlocal pulled
        for request in numbered(url, 100_000):
            pulled += 1
            yield request

    with PlainServer() as server, Client(server.base, endpoint(tmp_path)) as client:
        answers = client.ask(counted(server.url), read)
        for expected in range(10):
            assert next(answers)[0] == expected
        assert pulled <= AHEAD * 8 + 3 * TOGETHER
        answers.close()


def test_every_request_is_answered_once_whatever_the_server_does(tmp_path: Path) -> None:
    def plan(number: int, body: dict[str, Any]) -> Reply | None:
        faults = [
            Reply(429, {"error": "slow"}, {"Retry-After": "0.01"}),
            Reply(500, b"oops"),
            Reply(504, b"", wait=4.0),
            Reply(reset=True),
            Reply(cut=True),
        ]
        draw = random.Random(f"{number}{body}")
        return draw.choice(faults) if draw.random() < 0.2 else None

    with PlainServer(plan) as server, Client(server.base, endpoint(tmp_path, timeout=1.5, concurrency=32)) as client:
        got = list(client.ask(numbered(server.url, 300), read))
    assert [value for value, *_ in got] == list(range(300))
    totals = Ledger(tmp_path / "ledger.sqlite").totals()
    assert (totals.requests, totals.answered, totals.failed) == (300, 300, 0)
    assert totals.attempts == len(server.bodies) > 320
    assert set(server.answered.values()) == {1}


def test_a_whole_but_wrong_response_is_asked_for_anew_under_another_name(tmp_path: Path) -> None:
    with PlainServer(lambda number, body: Reply(body={"no": "value"}) if number == 0 else None) as server:
        with Client(server.base, endpoint(tmp_path)) as client:
            (got,) = client.ask(numbered(server.url, 1), read)
    assert got[0] == 0
    first, then = server.asked
    assert then == f"{first}-1"
    assert Ledger(tmp_path / "ledger.sqlite").totals().charged_tokens == 10 + 5


def test_the_other_name_is_on_the_disk_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[dict[str, int]] = []

    def plan(number: int, _: object) -> Reply | None:
        kept.append(Ledger(tmp_path / "ledger.sqlite").spoilt())
        return Reply(body={"no": "value"}) if number < 2 else None

    write = Ledger.write
    monkeypatch.setattr(Ledger, "write", lambda self, entries: time.sleep(0.05) or write(self, entries))
    monkeypatch.setattr(retry, "BASE", 0.0)
    with PlainServer(plan) as server:
        (request,) = numbered(server.url, 1)
        with Client(server.base, endpoint(tmp_path)) as client:
            assert [value for value, *_ in client.ask([request], read)] == [0]
    assert kept == [{}, {request.key: 1}, {request.key: 2}]


def test_another_run_goes_on_under_the_name_that_it_would_have_had(tmp_path: Path) -> None:
    with PlainServer(lambda number, _: Reply(body={"no": "value"}) if number < 3 else None) as server:
        with Client(server.base, endpoint(tmp_path)) as client, pytest.raises(ModelError, match="3 responses were whole"):
            list(client.ask(numbered(server.url, 1), read))
        (request,) = numbered(server.url, 1)
        assert Ledger(tmp_path / "ledger.sqlite").spoilt() == {request.key: 3}
        del client
        with Client(server.base, endpoint(tmp_path)) as client:
            assert [value for value, *_ in client.ask([request], read)] == [0]
        assert list(server.asked) == [request.key, *(f"{request.key}-{n}" for n in (1, 2, 3))]
    assert Ledger(tmp_path / "ledger.sqlite").spoilt() == {}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"error": {"message": "bad key"}}), ModelError, "wants a key: the server answered 401: bad key; name the key's"),
        (Reply(404, {"error": "nope"}), ModelError, "no model 'm' there"),
        (Reply(400, {"message": "maximum context length is 10"}), ModelError, r"\(prompt 0\): the prompt is too long"),
        (Reply(400, {"message": "logprobs must be at most 5"}), CapabilityError, "lower top_k"),
        (Reply(422, {"detail": [{"loc": ["seed"]}]}), ModelError, "does not take the request"),
        (Reply(402, b""), BudgetError, "quota"),
        (Reply(301, b"", {"Location": "http://elsewhere.invalid/"}), ModelError, "sends elsewhere"),
    ],
)
def test_what_cannot_succeed_is_not_asked_again(reply: Reply, kind: type[PotstillError], words: str, tmp_path: Path) -> None:
    with PlainServer(lambda *_: reply) as server, Client(server.base, endpoint(tmp_path, concurrency=1)) as client:
        with pytest.raises(kind, match=words):
            list(client.ask(numbered(server.url, 20), read))
    assert len(server.bodies) == 1


def test_answers_before_a_refused_one_are_given_and_those_after_it_kept(tmp_path: Path) -> None:
    with PlainServer(lambda number, body: Reply(400, {"message": "no"}) if body["i"] == 4 else None) as server:
        with Client(server.base, endpoint(tmp_path, concurrency=4)) as client:
            answers, got = client.ask(numbered(server.url, 50), read), []
            with pytest.raises(ModelError, match="prompt 4"):
                got.extend(value for value, *_ in answers)
    assert got == list(range(4))[: len(got)]
    totals = Ledger(tmp_path / "ledger.sqlite").totals()
    assert totals.answered == sum(server.answered.values())
    assert totals.failed == 1


def test_a_server_that_is_not_there_is_told_soon(tmp_path: Path) -> None:
    with Client("http://127.0.0.1:9/v1", endpoint(tmp_path)) as client:
        with pytest.raises(ModelError, match="given up after 3 attempts: the server cannot be reached"):
            list(client.ask(numbered("http://127.0.0.1:9/v1/ask", 3), read))
        with pytest.raises(ModelError, match="cannot be reached"):
            client.get_json("models")


def test_a_server_that_never_answers_well_is_given_up(tmp_path: Path) -> None:
    with PlainServer(lambda *_: Reply(cut=True)) as server, Client(server.base, endpoint(tmp_path)) as client:
        with pytest.raises(ModelError, match="given up after 8 attempts: the response is not what was asked for: no value"):
            list(client.ask(numbered(server.url, 1), read))


def test_whole_responses_that_cannot_be_read_are_paid_three_times_and_the_last_is_kept(tmp_path: Path) -> None:
    with PlainServer(lambda *_: Reply(body={"no": 1})) as server, Client(server.base, endpoint(tmp_path)) as client:
        with pytest.raises(ModelError, match="3 responses were whole .*: no value: .*check the dialect: .*ledger.sqlite$") as caught:
            list(client.ask(numbered(server.url, 1), read))
    assert "timeout" not in str(caught.value)
    assert len(server.bodies) == 3
    (row,) = sqlite3.connect(tmp_path / "ledger.sqlite").execute("SELECT state, response, charged_tokens, error FROM requests").fetchall()
    assert row[:3] == ("failed", b'{"no":1}', 3 * 10)
    assert "no value" in row[3]


def test_http_where_https_is_asked_for_is_told(tmp_path: Path) -> None:
    with PlainServer() as server:
        secure = server.base.replace("http:", "https:")
        with Client(secure, endpoint(tmp_path)) as client, pytest.raises(ModelError, match="no secure connection"):
            list(client.ask(numbered(f"{secure}/ask", 1), read))


def test_the_budget_stops_before_it_is_gone_over_and_goes_on_when_raised(tmp_path: Path) -> None:
    with PlainServer(lambda *_: Reply(wait=0.01)) as server:
        with Client(server.base, endpoint(tmp_path, tokens=103)) as client:
            answers, got = client.ask(numbered(server.url, 50), read), []
            with pytest.raises(BudgetError, match=r"the budget is used up: 95 of 103 tokens .* raise the budget"):
                got.extend(value for value, *_ in answers)
            assert got == list(range(19))
        assert len(server.bodies) == 19
        with Client(server.base, endpoint(tmp_path, tokens=1000)) as client:
            assert len(list(client.ask(numbered(server.url, 50), read))) == 50
    assert len(server.bodies) == 50


def test_a_budget_of_dollars_counts_what_was_paid_before(tmp_path: Path) -> None:
    price = {"input": 100.0, "output": 100.0}
    for stop in (20, 20):
        with PlainServer() as server, Client(server.base, endpoint(tmp_path, usd=0.0106, price=price)) as client:
            with pytest.raises(BudgetError, match=r"0\.01 of 0\.0106 US dollars"):
                list(client.ask(numbered(server.url, 50), read))
            assert len(server.bodies) <= stop


def test_closing_the_iterator_keeps_what_was_in_flight(tmp_path: Path) -> None:
    with PlainServer(lambda *_: Reply(wait=0.1)) as server, Client(server.base, endpoint(tmp_path)) as client:
        answers = client.ask(numbered(server.url, 1000), read)
        next(answers)
        answers.close()
        sent = len(server.bodies)
        time.sleep(0.2)
        assert len(server.bodies) == sent
    assert Ledger(tmp_path / "ledger.sqlite").totals().answered == sent


def test_a_stored_answer_that_can_no_longer_be_read_is_told_and_kept(tmp_path: Path) -> None:
    def pickier(request: Request, raw: bytes) -> tuple[Any, Usage]:
        return read(request, raw.replace(b"value", b"other"))

    with PlainServer() as server, Client(server.base, endpoint(tmp_path)) as client:
        list(client.ask(numbered(server.url, 1), read))
        with pytest.raises(StoreError, match="a stored answer can no longer be read: no value"):
            list(client.ask(numbered(server.url, 1), pickier))
        assert len(list(client.ask(numbered(server.url, 1), read))) == 1
    assert len(server.bodies) == 1


def test_a_fault_of_the_reader_loses_no_answer(tmp_path: Path) -> None:
    def broken(request: Request, raw: bytes) -> tuple[Any, Usage]:
        raise ZeroDivisionError

    with PlainServer() as server, Client(server.base, endpoint(tmp_path)) as client:
        with pytest.raises(ZeroDivisionError):
            list(client.ask(numbered(server.url, 1), broken))
        assert [value for value, *_ in client.ask(numbered(server.url, 1), read)] == [0]
    assert len(server.bodies) == 1


def test_the_key_goes_to_no_other_server(tmp_path: Path) -> None:
    with PlainServer() as server, Client(server.base, endpoint(tmp_path)) as client:
        with pytest.raises(ModelError, match=r"elsewhere\.invalid: a request to another server"):
            list(client.ask(numbered("http://elsewhere.invalid/ask", 1), read))


def test_probes_give_json(tmp_path: Path) -> None:
    def plan(number: int, body: dict[str, Any]) -> Reply:
        return Reply(503) if number == 0 else Reply(body=b"<html>" if body.get("html") else {"got": body})

    with PlainServer(plan) as server, Client(server.base, endpoint(tmp_path)) as client:
        assert client.get_json("models") == {"got": {}}
        assert client.post_json("/tokenize", {"content": "x"}) == {"got": {"content": "x"}}
        with pytest.raises(ModelError, match="does not answer in JSON"):
            client.post_json("/tokenize", {"html": 1})
    assert not (tmp_path / "ledger.sqlite").exists()


def test_addresses_and_prices_are_checked_before_any_call(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an address"):
        Client("localhost:8000/v1", endpoint(tmp_path))
    with pytest.raises(ModelError, match="holds a user name or password"):
        Client("http://me:hunter2@host/v1", endpoint(tmp_path))
    with pytest.raises(ModelError, match="needs the teacher's price"):
        Client("http://host/v1", endpoint(tmp_path, usd=1.0))


def test_no_key_is_ever_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-pl4nted/Key+with=signs"
    monkeypatch.setenv("PLANTED_KEY", key)

    def leaky(number: int, body: dict[str, Any]) -> Reply | None:
        header = f"Authorization: Bearer {key}"
        if number < 20:
            return Reply(500, f"failed with {header}".encode())
        return (
            Reply(body={"value": f"{header} {key}", "usage": {"prompt_tokens": 1, "completion_tokens": 1}})
            if body["i"] < 40
            else Reply(401, {"error": {"message": "x" * 270 + f"bad key {key}"}})
        )

    with PlainServer(leaky) as server, Client(server.base, endpoint(tmp_path, api_key_env="PLANTED_KEY", concurrency=4)) as client:
        with pytest.raises(ModelError) as caught:
            list(client.ask(numbered(server.url, 60), read))
        assert all(headers["Authorization"] == f"Bearer {key}" for headers in server.headers)
        written = (
            b"".join(path.read_bytes() for path in tmp_path.iterdir()) + repr((caught.value, client, vars(client).get("_place"))).encode()
        )
    ledger = sqlite3.connect(tmp_path / "ledger.sqlite")
    told = repr(ledger.execute("SELECT * FROM requests").fetchall())
    ledger.close()
    for part in (key, key[3:14], "sk-pl4n"):
        assert part.encode() not in written
        assert part not in told + str(caught.value)
    assert "[secret]" in told


CHILD = """
import sys
from pathlib import Path
from potstill.endpoints.client import Client
from potstill.models.base import Endpoint, Spending
from tests.endpoints.plain_server import numbered, read
base, url, folder = sys.argv[1:]
with Client(base, Endpoint(concurrency=16, spending=Spending(Path(folder) / "ledger.sqlite"))) as client:
    print("ready", flush=True)
    with open(Path(folder) / "given", "ab", 0) as given:
        for value, _, key, _ in client.ask(numbered(url, 1000), read):
            given.write(f"{value} {key}\\n".encode())
"""


def test_a_killed_process_pays_for_nothing_twice(tmp_path: Path) -> None:
    draw, killed = random.Random(5), 0
    with PlainServer(lambda *_: Reply(wait=0.04)) as server:
        keys = [request.key for request in numbered(server.url, 1000)]
        for turn in range(7):
            child = subprocess.Popen([sys.executable, "-c", CHILD, server.base, server.url, str(tmp_path)], stdout=subprocess.PIPE)
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            known = Ledger(tmp_path / "ledger.sqlite")
            before, asked = known.stored(keys), server.asked.copy()
            known.close()
            if turn < 6:
                time.sleep(draw.uniform(0.05, 0.5))
                child.send_signal(signal.SIGKILL)
            killed += child.wait(120) == -signal.SIGKILL
            child.stdout.close()
            assert not {key for key in server.asked if server.asked[key] > asked[key]} & set(before)
    given = [line.split() for line in (tmp_path / "given").read_text().splitlines()]
    assert killed >= 3
    assert [int(value) for value, _ in given][-1000:] == list(range(1000))
    assert len(Ledger(tmp_path / "ledger.sqlite").stored(keys)) == 1000


def test_an_answer_that_is_lost_after_it_was_given_is_charged_as_often_as_the_server_charges(tmp_path: Path) -> None:
    price = {"input": 1.0, "output": 1.0}
    with PlainServer(lambda number, _: Reply(lost=True) if random.Random(number).random() < 0.3 else None) as server:
        for n in (150, 300):
            with Client(server.base, endpoint(tmp_path, price=price)) as client:
                got = list(client.ask(numbered(server.url, n), read))
        served = 5 * server.answered.total()
    assert [value for value, *_ in got] == list(range(300))
    totals = Ledger(tmp_path / "ledger.sqlite").totals()
    assert (totals.requests, totals.answered, totals.attempts) == (300, 300, server.answered.total())
    assert 5 * 300 < served <= totals.charged_tokens == totals.charged_microusd
    assert totals.cost_microusd == 5 * 300


@pytest.mark.parametrize(
    ("reply", "charged"),
    [(Reply(reset=True), 10 + 5), (Reply(wait=0.6), 10 + 5), (Reply(cut=True), 10 + 5), (Reply(429), 5), (Reply(500), 5)],
)
def test_what_a_server_may_have_answered_unheard_is_charged_whole(reply: Reply, charged: int, tmp_path: Path) -> None:
    price = {"input": 1.0, "output": 1.0}
    with PlainServer(lambda number, _: reply if number == 0 else None) as server:
        settings = endpoint(tmp_path, price=price, timeout=0.3)
        with Client(server.base, settings) as client:
            assert [value for value, *_ in client.ask(numbered(server.url, 1), read)] == [0]
            assert client.account.budget.tokens == charged
        assert sum(server.asked.values()) == 2
    totals = Ledger(tmp_path / "ledger.sqlite").totals()
    assert (totals.charged_tokens, totals.charged_microusd, totals.cost_microusd) == (charged, charged, 5)


def test_what_was_in_flight_when_it_was_killed_is_charged_whole(tmp_path: Path) -> None:
    with PlainServer(lambda *_: Reply(wait=60.0)) as server:
        child = subprocess.Popen([sys.executable, "-c", CHILD, server.base, server.url, str(tmp_path)], stdout=subprocess.PIPE)
        while not Ledger(tmp_path / "ledger.sqlite").totals().charged_tokens:
            time.sleep(0.05)
        child.kill()
        child.communicate(timeout=60)
        totals = Ledger(tmp_path / "ledger.sqlite").totals()
    assert totals.answered == 0
    assert totals.charged_tokens == 10 * totals.attempts > 0


def test_a_filters_refusal_is_kept_and_costs_nothing(tmp_path: Path) -> None:
    body = {"error": {"code": "content_filter", "message": "refused"}}

    def filtered(number: int, asked: dict[str, Any]) -> Reply | None:
        return Reply(400, body) if asked["i"] == 2 else None

    with PlainServer(filtered) as server:
        settings = endpoint(tmp_path, price={"input": 1.0, "output": 1.0})
        first, again = (list(Client(server.base, settings).ask(numbered(server.url, 5), with_filtered(read))) for _ in range(2))
        sent = len(server.bodies)
        with pytest.raises(ModelError, match="does not take the request: the server answered 400: refused"):
            list(Client(server.base, settings).ask([Request(server.url, {"i": 2, "other": 1}, {})], read))
    assert [one[1:] for one in first] == [one[1:] for one in again]
    assert sent == 5
    assert (first[2][0].finish_reason, first[2][1]) == ("content_filter", Usage(0, 0, cost_microusd=0))
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert orjson.loads(ledger.stored([first[2][2]])[first[2][2]].raw) == body
    assert ledger.totals().charged_tokens == 4 * 5
