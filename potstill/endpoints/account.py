"""A run's account: its ledger and its budget, shared by all its teachers, and the writing of many entries at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from weakref import WeakValueDictionary

from potstill.endpoints.budget import Budget
from potstill.errors import StoreError
from potstill.models.base import Spending
from potstill.store.ledger import Entry, Ledger

GATHER = 0.004
"""Seconds for which entries are gathered before they are written: a write costs as much for one as for a hundred."""


class Told(Protocol):
    """Whoever waits for an entry to be on the disk."""

    def written(self, error: StoreError | None) -> None:
        """It is, or it could not be written."""
        ...

    def tell(self) -> None:
        """All that were written together are: whoever waits for them may go on."""
        ...


class Recorder:
    """Writes entries to a ledger, many in one transaction. Used on the event loop; the disk is waited for in another thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: dict[str, Entry] = {}
        self._told: list[Told] = []
        self._busy = False

    def put(self, entry: Entry, told: Told | None = None) -> None:
        """Write an entry soon; `told` hears of it when it is on the disk."""
        before = self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry if before is None else _both(before, entry)
        if told is not None:
            self._told.append(told)
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_later(GATHER, self._flush)

    @property
    def idle(self) -> bool:
        """Whether everything is on the disk."""
        return not self._busy

    def _flush(self) -> None:
        entries, told = list(self._entries.values()), self._told
        self._entries, self._told = {}, []
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(None, self._ledger.write, entries)
        future.add_done_callback(lambda done: self._written(done.exception(), told))

    def _written(self, error: BaseException | None, told: Sequence[Told]) -> None:
        if self._entries:
            asyncio.get_running_loop().call_later(GATHER, self._flush)
        else:
            self._busy = False
        failure = error if isinstance(error, StoreError) or error is None else StoreError(f"the ledger cannot be written: {error!r}")
        for one in told:
            one.written(failure)
        for one in told:
            one.tell()


def _both(first: Entry, then: Entry) -> Entry:
    """Two entries of one request as one."""
    known = first.charged_microusd is not None and then.charged_microusd is not None
    return replace(
        then,
        attempts=first.attempts + then.attempts,
        sent_at=first.sent_at or then.sent_at,
        spoilt=max(first.spoilt, then.spoilt),
        charged_tokens=first.charged_tokens + then.charged_tokens,
        charged_microusd=(first.charged_microusd or 0) + (then.charged_microusd or 0) if known else None,
    )


class Account:
    """The ledger of a `Spending`, what is left of its budget, and the recorder that writes to the ledger."""

    def __init__(self, spending: Spending) -> None:
        self.ledger = Ledger(spending.ledger)
        self.spoilt = self.ledger.spoilt()
        totals = self.ledger.totals()
        self.budget = Budget(spending, totals.charged_tokens, totals.charged_microusd)
        self.recorder = Recorder(self.ledger)


_accounts: WeakValueDictionary[Spending, Account] = WeakValueDictionary()
_lock = threading.Lock()


def account(spending: Spending) -> Account:
    """The account of a `Spending`: the same for all who have it at the same time. One without a ledger's file is everybody's own.

    Raises:
        StoreError: the ledger cannot be opened.
    """
    if spending.ledger is None:
        return Account(spending)
    shared = replace(spending, ledger=spending.ledger.resolve())
    with _lock:
        known = _accounts.get(shared)
        if known is None:
            known = _accounts[shared] = Account(shared)
        return known
