from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from potstill.endpoints import batch as module
from potstill.endpoints import retry
from potstill.endpoints.batch_shapes import AnthropicShape, OpenAIShape
from potstill.endpoints.client import Client
from potstill.endpoints.reading import with_filtered
from potstill.errors import BudgetError, ModelError
from potstill.models.base import Endpoint, Spending
from potstill.store.ledger import Ledger
from potstill.types import Usage
from tests.endpoints.batch_server import BatchServer, well
from tests.endpoints.plain_server import numbered, read

DIALECTS = ("openai", "anthropic")
SHAPES = {"openai": OpenAIShape, "anthropic": AnthropicShape}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of milliseconds."""
    monkeypatch.setattr(retry, "BASE", 0.01)
    monkeypatch.setattr(module, "POLL", 0.01)


def client(server: BatchServer, folder: Path, dialect: str, **settings: Any) -> Client:
    spending = Spending(folder / "ledger.sqlite", settings.pop("tokens", None))
    return Client(server.base, Endpoint(dialect=dialect, batch=True, timeout=5.0, spending=spending, **settings))


def ask(one: Client, server: BatchServer, n: int, first: int = 0) -> list[Any]:
    with one:
        return list(one.ask(numbered(f"{server.base}/ask", n, first), read))


def interrupt_while_waiting(one: Client, server: BatchServer, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, batch: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.Batches, "_wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(one, server, n)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_answers_come_in_order_and_are_asked_once(dialect: str, tmp_path: Path) -> None:
    with BatchServer() as server:
        price = {"input": 1.0, "output": 2.5}
        got = ask(client(server, tmp_path, dialect, price=price), server, 20)
        again = ask(client(server, tmp_path, dialect, price=price), server, 25)
    assert [value for value, *_ in got] == list(range(20))
    assert {usage for _, usage, *_ in got} == {Usage(3, 2, cost_microusd=8)}
    assert again[:20] == got
    assert [len(requests) for requests in server.submitted.values()] == [20, 5]


def test_many_are_submitted_in_several_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 8)
    with BatchServer() as server:
        got = ask(client(server, tmp_path, "openai"), server, 20)
    assert [value for value, *_ in got] == list(range(20))
    assert [len(requests) for requests in server.submitted.values()] == [8, 8, 4]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_interrupted_run_finds_its_batch_again(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with BatchServer() as server:
        interrupt_while_waiting(client(server, tmp_path, dialect), server, 10, monkeypatch)
        got = ask(client(server, tmp_path, dialect), server, 10)
    assert [value for value, *_ in got] == list(range(10))
    assert len(server.submitted) == 1
    assert Ledger(tmp_path / "ledger.sqlite").open_batches(server.base.removesuffix("/v1")) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_whose_id_was_never_written_down_is_found(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, token: str, id: str) -> None:
        raise KeyboardInterrupt

    with BatchServer() as server:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "name_batch", interrupted)
            with pytest.raises(KeyboardInterrupt):
                ask(client(server, tmp_path, dialect), server, 10)
        got = ask(client(server, tmp_path, dialect), server, 10)
    assert [value for value, *_ in got] == list(range(10))
    assert len(server.submitted) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_that_never_came_to_the_server_is_submitted_anew(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Ledger.begin_batch

    def interrupted(self: Ledger, *arguments: Any) -> None:
        begin(self, *arguments)
        raise KeyboardInterrupt

    with BatchServer() as server:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "begin_batch", interrupted)
            with pytest.raises(KeyboardInterrupt):
                ask(client(server, tmp_path, dialect), server, 10)
        assert not server.submitted
        assert len(ask(client(server, tmp_path, dialect), server, 10)) == 10
    assert len(server.submitted) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_can_succeed_is_submitted_again(dialect: str, tmp_path: Path) -> None:
    seen: set[int] = set()

    def flaky(body: dict[str, Any]) -> tuple[int, Any]:
        first = body["i"] not in seen
        seen.add(body["i"])
        if first and body["i"] % 3:
            return (0, None) if body["i"] % 3 == 1 else (500, "oops")
        return well(body)

    with BatchServer(flaky) as server:
        got = ask(client(server, tmp_path, dialect), server, 12)
    assert [value for value, *_ in got] == list(range(12))
    assert [len(requests) for requests in server.submitted.values()] == [12, 8]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_refusal_stops_and_the_answers_beside_it_are_kept(dialect: str, tmp_path: Path) -> None:
    with BatchServer(lambda body: (400, "bad setting") if body["i"] == 3 else well(body)) as server:
        with pytest.raises(ModelError, match=r"\(prompt 3\).*bad setting"):
            ask(client(server, tmp_path, dialect), server, 10)
    assert Ledger(tmp_path / "ledger.sqlite").totals().answered == 9


def test_what_is_never_answered_is_given_up(tmp_path: Path) -> None:
    with BatchServer(lambda body: (0, None)) as server:
        with pytest.raises(ModelError, match="5 requests are still not answered after 3 batches"):
            ask(client(server, tmp_path, "openai"), server, 5)
    assert len(server.submitted) == 3


def test_the_budget_bounds_a_batch(tmp_path: Path) -> None:
    with BatchServer() as server:
        with pytest.raises(BudgetError, match="the budget is used up"):
            ask(client(server, tmp_path, "openai", tokens=52), server, 30)
        totals = Ledger(tmp_path / "ledger.sqlite").totals()
        assert 40 < totals.charged_tokens <= 52
        assert len(ask(client(server, tmp_path, "openai", tokens=1000), server, 30)) == 30
    assert sum(len(requests) for requests in server.submitted.values()) == 30


def test_a_filters_refusal_within_a_batch_is_an_answer(tmp_path: Path) -> None:
    def filtered(body: dict[str, Any]) -> tuple[int, Any]:
        return (400, {"error": {"code": "content_filter"}}) if body["i"] == 1 else well(body)

    with BatchServer(filtered) as server, client(server, tmp_path, "openai") as one:
        requests = list(numbered(f"{server.base}/ask", 3))
        first, again = (list(one.ask(requests, with_filtered(read))) for _ in range(2))
    assert [one[1:] for one in first] == [one[1:] for one in again]
    assert len(server.submitted) == 1
    assert (first[1][0].finish_reason, first[1][1]) == ("content_filter", Usage(0, 0))
    assert Ledger(tmp_path / "ledger.sqlite").totals().charged_tokens == 2 * 5


def test_a_response_of_a_batch_that_cannot_be_read_is_paid_three_times(tmp_path: Path) -> None:
    with BatchServer(lambda body: (200, {"no": 1}) if body["i"] == 1 else well(body)) as server:
        with pytest.raises(ModelError, match="3 responses were whole .*no value.*check the dialect"):
            ask(client(server, tmp_path, "openai"), server, 3)
    assert [len(requests) for requests in server.submitted.values()] == [3, 1, 1]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("lost", "dropped"), [(1, 0), (0, 2)])
def test_a_submission_whose_answer_is_lost_is_paid_once(dialect: str, lost: int, dropped: int, tmp_path: Path) -> None:
    with BatchServer(lost=lost, dropped=dropped) as server:
        got = ask(client(server, tmp_path, dialect), server, 10)
    assert [value for value, *_ in got] == list(range(10))
    assert [len(requests) for requests in server.submitted.values()] == [10]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("which", [0, 1])
def test_of_two_batches_of_a_size_the_lost_one_is_found(dialect: str, which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 8)
    with BatchServer() as server:
        submit = server._submit

        def losing(requests: Any, mark: Any) -> str:
            server.lost = int(len(server.submitted) == which)
            return submit(requests, mark)

        monkeypatch.setattr(server, "_submit", losing)
        got = ask(client(server, tmp_path, dialect), server, 16)
    assert [value for value, *_ in got] == list(range(16))
    assert [len(requests) for requests in server.submitted.values()] == [8, 8]


def test_a_batch_of_others_is_not_taken_for_a_lost_one(tmp_path: Path) -> None:
    """Another run folder's, of the same size and time; ours was never made, or was made a moment before it."""
    with BatchServer() as server:
        ask(client(server, tmp_path / "other", "anthropic"), server, 10, first=100)
        server.dropped = 1
        assert [value for value, *_ in ask(client(server, tmp_path / "ours", "anthropic"), server, 10)] == list(range(10))
        assert len(server.submitted) == 2
        server.lost = 1
        got = ask(client(server, tmp_path / "ours", "anthropic"), server, 10, first=10)
    assert [value for value, *_ in got] == list(range(10, 20))
    assert len(server.submitted) == 3


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_that_the_server_forgot_is_charged_and_submitted_anew(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with BatchServer() as server:
        interrupt_while_waiting(client(server, tmp_path, dialect), server, 4, monkeypatch)
        server.gone.update(server.submitted)
        got = ask(client(server, tmp_path, dialect), server, 4)
    assert [value for value, *_ in got] == list(range(4))
    assert len(server.submitted) == 2
    assert "batch_0: the server no longer has the batch; what is not answered is submitted anew" in caplog.text
    assert Ledger(tmp_path / "ledger.sqlite").totals().charged_tokens == 4 * 10 + 4 * 5


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_that_is_forgotten_at_once_is_not_paid_again_in_the_same_run(dialect: str, tmp_path: Path) -> None:
    with BatchServer() as server:
        server.gone.update(["batch_0"])
        with pytest.raises(ModelError, match="batch_0: the server no longer has the batch; run the same command: it is submitted anew"):
            ask(client(server, tmp_path, dialect), server, 4)
        assert len(server.submitted) == 1
        assert len(ask(client(server, tmp_path, dialect), server, 4)) == 4
    assert len(server.submitted) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_stays_open_while_the_server_has_no_batches_at_all(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with BatchServer() as server:
        interrupt_while_waiting(client(server, tmp_path, dialect), server, 4, monkeypatch)
        server.absent = True
        with pytest.raises(ModelError, match="the server has no batch API"):
            ask(client(server, tmp_path, dialect), server, 4)
        server.absent = False
        assert len(ask(client(server, tmp_path, dialect), server, 4)) == 4
    assert len(server.submitted) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_look_that_finds_nothing_is_taken_again(dialect: str, tmp_path: Path) -> None:
    with BatchServer() as server:
        server.gone.update(["batch_0"])
        one = client(server, tmp_path, dialect)
        waits = list[float]()

        def pause(seconds: float) -> None:
            waits.append(seconds)
            server.gone.clear()

        batches = module.Batches(SHAPES[dialect](one._wired(1)), one.endpoint, one._place, one.account, pause)
        assert len([request for some in batches.settle(numbered(f"{server.base}/ask", 4), read) for request in some]) == 4
    assert waits
    assert len(server.submitted) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_batch_of_which_nothing_is_known_stays_open(dialect: str, tmp_path: Path) -> None:
    with BatchServer(dropped=module.SUBMISSIONS) as server:
        with pytest.raises(ModelError, match="given up"):
            ask(client(server, tmp_path, dialect), server, 10)
        assert len(Ledger(tmp_path / "ledger.sqlite").open_batches(server.base.removesuffix("/v1"))) == 1
        assert len(ask(client(server, tmp_path, dialect), server, 10)) == 10
    assert len(server.submitted) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_server_without_batches_is_told(dialect: str, tmp_path: Path) -> None:
    with BatchServer() as server:
        endpoint = Endpoint(dialect=dialect, batch=True, timeout=5.0, spending=Spending(tmp_path / "ledger.sqlite"))
        with (
            pytest.raises(ModelError, match="the server has no batch API; leave `batch` out"),
            Client(f"{server.base}/none", endpoint) as one,
        ):
            list(one.ask(numbered(f"{server.base}/ask", 2), read))
    assert Ledger(tmp_path / "ledger.sqlite").open_batches(server.base.removesuffix("/v1")) == []
