from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from potstill.endpoints import background, retry
from potstill.endpoints.account import Account
from potstill.endpoints.base import MalformedError
from potstill.endpoints.jobs import Job, Order
from potstill.endpoints.retry import Place
from potstill.endpoints.sender import Sender, limit_of
from potstill.errors import BudgetError, ModelError
from potstill.models.base import FREE, Endpoint, Spending
from tests.endpoints.plain_server import PlainServer, Reply, numbered, read


def sender(server: PlainServer, account: Account, **settings: Any) -> Sender:
    async def make() -> Sender:
        return Sender(Place(server.base.removesuffix("/v1")), Endpoint(**{"timeout": 5.0, **settings}), {}, account)

    return background.run(make())


def send(one: Sender, order: Order, jobs: list[Job]) -> None:
    order.begin(len(jobs))
    background.loop().call_soon_threadsafe(one.add, jobs)


def jobs_of(server: PlainServer, order: Order, n: int, first: int = 0) -> list[Job]:
    return [Job(request, request.key, order) for request in numbered(server.url, n, first)]


def close(*senders: Sender) -> None:
    for one in senders:
        background.run(one.close(), 5)


def test_all_who_ask_a_server_share_its_limit() -> None:
    first = limit_of("host:1", 10)
    assert limit_of("host:1", 30) is first
    assert first.most == 30
    assert limit_of("host:2", 10) is not first


def test_each_sender_keeps_to_its_own_concurrency() -> None:
    with PlainServer(lambda *_: Reply(wait=0.01)) as server:
        one, order = sender(server, Account(FREE), concurrency=3), Order(read)
        send(one, order, jobs_of(server, order, 30))
        assert order.wait_for_all(20)
        close(one)
    assert server.most == 3


def test_two_senders_of_one_budget_stay_within_it() -> None:
    account = Account(Spending(tokens=100))
    with PlainServer(lambda *_: Reply(wait=0.01)) as server:
        senders = [sender(server, account), sender(server, account)]
        orders = [Order(read), Order(read)]
        for turn, (one, order) in enumerate(zip(senders, orders, strict=True)):
            send(one, order, jobs_of(server, order, 50, 100 * turn))
        assert all(order.wait_for_all(20) for order in orders)
        close(*senders)
    assert {type(order.stopped) for order in orders} == {BudgetError}
    assert 90 < account.ledger.totals().charged_tokens <= 100
    assert len(server.bodies) == account.ledger.totals().answered


def test_the_pause_that_a_server_asks_for_holds_for_all_requests() -> None:
    times: list[float] = []

    def plan(number: int, body: dict[str, Any]) -> Reply | None:
        times.append(asyncio.get_running_loop().time())
        return Reply(429, headers={"Retry-After": "0.5"}) if number == 0 else None

    with PlainServer(plan) as server:
        one, order = sender(server, Account(FREE), concurrency=1), Order(read)
        send(one, order, jobs_of(server, order, 5))
        assert order.wait_for_all(20)
        close(one)
    assert len(times) == 6
    assert times[1] - times[0] >= 0.5


def test_the_reason_of_a_response_that_cannot_be_read_brings_its_own_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE", 0.01)

    def read_nothing(*_: Any) -> Any:
        raise MalformedError("nothing is in it", "put something in")

    with PlainServer() as server:
        one, order = sender(server, Account(FREE)), Order(read_nothing)
        send(one, order, jobs_of(server, order, 1))
        assert order.wait_for_all(20)
        close(one)
    assert isinstance(order.stopped, ModelError)
    assert "nothing is in it" in str(order.stopped.what)
    assert order.stopped.fix.startswith("put something in")
    assert len(server.bodies) == retry.MOST_SPOILT


def test_a_fault_of_the_reader_loses_no_answer(tmp_path: Path) -> None:
    def faulty(*_: Any) -> Any:
        raise RuntimeError("a fault of the reader")

    account = Account(Spending(ledger=tmp_path / "ledger.sqlite"))
    with PlainServer() as server:
        one, order = sender(server, account), Order(faulty)
        (job,) = jobs_of(server, order, 1)
        send(one, order, [job])
        assert order.wait_for_all(20)
        close(one)
    assert isinstance(order.stopped, RuntimeError)
    assert account.ledger.stored([job.key])[job.key].raw


def test_what_is_waiting_is_dropped_at_the_first_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE", 60.0)
    monkeypatch.setattr(retry, "CAP", 60.0)
    with PlainServer(lambda number, _: Reply(500) if number == 0 else Reply(400)) as server:
        one, order = sender(server, Account(FREE), concurrency=1), Order(read)
        jobs = jobs_of(server, order, 20)
        send(one, order, jobs)
        assert order.wait_for_all(20)
        close(one)
    assert isinstance(order.stopped, ModelError)
    assert all(job.error is order.stopped for job in jobs)
    assert len(server.bodies) == 2


def test_what_is_in_flight_can_be_broken_off() -> None:
    account = Account(FREE)
    with PlainServer(lambda *_: Reply(wait=30)) as server:
        one, order = sender(server, account, concurrency=2), Order(read)
        send(one, order, jobs_of(server, order, 5))
        assert not order.wait_for_all(0.3)
        order.stop(ModelError("enough"))
        background.loop().call_soon_threadsafe(one.cancel, order)
        assert order.wait_for_all(10)
        close(one)
    assert account.budget.in_flight == 0
    assert account.ledger.totals().failed == 2
