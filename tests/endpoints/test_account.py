from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from potstill.endpoints import background
from potstill.endpoints.account import Account, Recorder, account
from potstill.errors import StoreError
from potstill.models.base import FREE, Spending
from potstill.store.ledger import Entry, Ledger
from potstill.types import Usage


class Waiting:
    def __init__(self) -> None:
        self.errors: list[StoreError | None] = []
        self.told = 0

    def written(self, error: StoreError | None) -> None:
        self.errors.append(error)

    def tell(self) -> None:
        self.told += 1


async def put(recorder: Recorder, entries: list[Entry], told: Waiting | None) -> None:
    for entry in entries:
        recorder.put(entry, told)
    while not recorder.idle:
        await asyncio.sleep(0.001)


def test_entries_are_on_the_disk_when_it_is_told(tmp_path: Path) -> None:
    ledger, told = Ledger(tmp_path / "ledger.sqlite"), Waiting()
    entries = [Entry(f"{i}", "answered", attempts=1, response=b"x") for i in range(100)]
    background.run(put(Recorder(ledger), entries, told), 10)
    assert told.errors == [None] * 100
    assert told.told == 100
    assert len(Ledger(tmp_path / "ledger.sqlite").stored([f"{i}" for i in range(100)])) == 100


def test_what_happens_to_a_request_in_one_moment_is_one_entry() -> None:
    ledger = Ledger()
    entries = [
        Entry("a", "sent", attempts=1, sent_at=5.0),
        Entry("a", "failed", charged_tokens=10, charged_microusd=20, error="cut off"),
        Entry("a", "sent", attempts=1, sent_at=6.0),
        Entry("a", "answered", usage=Usage(1, 2), charged_tokens=3, charged_microusd=4, response=b"x"),
    ]
    background.run(put(Recorder(ledger), entries, None), 10)
    totals = ledger.totals()
    assert (totals.answered, totals.attempts, totals.charged_tokens, totals.charged_microusd) == (1, 2, 13, 24)
    assert ledger._connection.execute("SELECT sent_at FROM requests").fetchone() == (5.0,)


def test_an_unknown_price_stays_unknown() -> None:
    ledger = Ledger()
    entries = [Entry("a", "failed", charged_microusd=None), Entry("a", "answered", charged_microusd=5, response=b"x")]
    background.run(put(Recorder(ledger), entries, None), 10)
    assert ledger._connection.execute("SELECT charged_microusd FROM requests").fetchone() == (None,)


def test_a_ledger_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    ledger, told = Ledger(tmp_path / "ledger.sqlite"), Waiting()
    ledger.close()
    background.run(put(Recorder(ledger), [Entry("a", "sent")], told), 10)
    (error,) = told.errors
    assert isinstance(error, StoreError)


def test_teachers_of_one_run_share_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = account(Spending(Path("ledger.sqlite"), tokens=100))
    assert account(Spending(tmp_path / "ledger.sqlite", tokens=100)) is first
    assert account(Spending(tmp_path / "ledger.sqlite", tokens=200)) is not first
    assert account(FREE) is not account(FREE)


def test_a_budget_counts_what_the_ledger_holds(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").write([Entry("a", "answered", charged_tokens=30, charged_microusd=7, response=b"x")])
    budget = Account(Spending(tmp_path / "ledger.sqlite", tokens=100)).budget
    assert (budget.tokens, budget.microusd) == (30, 7)
