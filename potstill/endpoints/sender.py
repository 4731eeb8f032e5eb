"""Sends jobs to one server: as many at once as its limit and the budget allow, and again where that can help."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet, WeakValueDictionary

import aiohttp
import orjson

from potstill.endpoints import retry
from potstill.endpoints.account import Account
from potstill.endpoints.base import MalformedError
from potstill.endpoints.budget import charged, cost_microusd
from potstill.endpoints.jobs import Job, Order
from potstill.endpoints.limit import Limit
from potstill.endpoints.reading import is_filtered
from potstill.endpoints.retry import Fault, Place
from potstill.endpoints.wire import open_session
from potstill.errors import PotstillError, StoreError
from potstill.models.base import Endpoint
from potstill.store.ledger import NOT_TOLD, Entry, State
from potstill.types import Usage

_limits: WeakValueDictionary[str, Limit] = WeakValueDictionary()
_senders: WeakSet[Sender] = WeakSet()


def limit_of(server: str, most: int) -> Limit:
    """The limit of a server, the same for all who ask it; it allows as much as the boldest of them."""
    limit = _limits.get(server)
    if limit is None:
        limit = _limits[server] = Limit(most)
    limit.most = max(limit.most, most)
    return limit


@dataclass(frozen=True, slots=True)
class _Tried:
    """How an attempt ended: with a response, a fault or an error.

    Attributes:
        charged: tokens and micro-dollars for the budget: all that was set aside when the server may have answered and we do not know.
        unread: the body of a whole response that was not what was asked for.
    """

    response: bytes | None = None
    unread: bytes | None = None
    usage: Usage = NOT_TOLD
    charged: tuple[int, int | None] = (0, 0)
    fault: Fault | None = None
    error: BaseException | None = None


class Sender:
    """Sends the jobs of one client. All methods are called on the event loop.

    Args:
        place: the server and the key.
        endpoint: how it is asked.
        headers: of every request, the key's among them.
        account: ledger and budget.
    """

    def __init__(self, place: Place, endpoint: Endpoint, headers: Mapping[str, str], account: Account) -> None:
        self._place, self._endpoint, self._headers, self._account = place, endpoint, headers, account
        self._limit = limit_of(urlsplit(place.server).netloc, endpoint.concurrency)
        self._queue: deque[Job] = deque()
        self._sleeping: dict[Job, asyncio.TimerHandle] = {}
        self._tasks: dict[asyncio.Task[None], Order] = {}
        self._session: aiohttp.ClientSession | None = None
        self._random = random.Random()
        self._mark = f"{self._random.getrandbits(64):016x}" if endpoint.spending.anew else ""
        self._reached = False
        self._alarm: asyncio.TimerHandle | None = None
        _senders.add(self)

    def add(self, jobs: list[Job]) -> None:
        """Send these as soon as may be, in their order."""
        self._queue.extend(jobs)
        self.pump()

    def pump(self) -> None:
        """Start what may start."""
        while (job := self._take()) is not None:
            task = asyncio.get_running_loop().create_task(self._work(job, self._limit.start()))
            self._tasks[task] = job.order
            task.add_done_callback(self._ended)

    async def _work(self, job: Job, started: float) -> None:
        """Send a job, and then one after the other while any may start: a task for each would wait for more turns of the loop."""
        task = asyncio.current_task()
        assert task is not None
        while True:
            await self._attempt(job, started)
            if task.cancelling():
                return
            self._leave(task)
            following = self._take()
            if following is None:
                return
            job, started = following, self._limit.start()
            self._tasks[task] = job.order
            self._pump_all()

    def sweep(self, order: Order) -> None:
        """Drop what an order that was stopped has not begun."""
        waiting = [job for job in (*self._sleeping, *self._queue) if job.order is order]
        for job in waiting:
            handle = self._sleeping.pop(job, None)
            if handle is not None:
                handle.cancel()
            job.error = order.stopped
            order.finish(job)
        self._queue = deque(job for job in self._queue if job.order is not order)
        order.tell()

    def cancel(self, order: Order) -> None:
        """Break off what an order has in flight."""
        self.sweep(order)
        for task in [task for task, whose in self._tasks.items() if whose is order]:
            task.cancel()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task is over: there may be room for others, of this client and of those who share its limit or its budget."""
        self._leave(task)
        self._pump_all()

    def _leave(self, task: asyncio.Task[None]) -> None:
        """A task has nothing in flight any more; what a stopped order has not begun is dropped."""
        order = self._tasks.pop(task, None)
        if order is not None and order.stopped is not None:
            self.sweep(order)

    def _pump_all(self) -> None:
        self.pump()
        for other in list(_senders):
            if other is not self and other._queue:
                other.pump()

    def _take(self) -> Job | None:
        """The next job, if it may start now."""
        while self._queue and len(self._tasks) < self._endpoint.concurrency:
            wait = self._limit.wait()
            if wait > 0:
                self._wake_in(wait)
                return None
            job, budget = self._queue[0], self._account.budget
            if job.order.stopped is not None:
                self.sweep(job.order)
            elif budget.allows(*job.aside):
                budget.set_aside(*job.aside)
                return self._queue.popleft()
            elif budget.in_flight:
                return None
            else:
                job.fail(budget.error(self._place.server))
        return None

    def _wake_in(self, seconds: float) -> None:
        """Look again when the pause that the server asked for is over."""
        if seconds != float("inf") and (self._alarm is None or self._alarm.when() <= asyncio.get_running_loop().time()):
            self._alarm = asyncio.get_running_loop().call_later(seconds, self.pump)

    async def _attempt(self, job: Job, started: float) -> None:
        """Send a job once, write down what came of it, and see to what follows."""
        tokens, microusd = job.aside
        sent = self._entry(job, "sent", attempts=1, sent_at=time.time(), charged_tokens=tokens, charged_microusd=microusd)
        self._account.recorder.put(sent)
        try:
            tried = await self._try(job)
        except asyncio.CancelledError as error:
            tried = _Tried(charged=job.aside, error=error)
        except Exception as error:
            tried = _Tried(error=error)
        self._account.budget.settle(*job.aside, *tried.charged)
        self._tell_limit(tried, started)
        if tried.fault is None:
            self._conclude(job, tried)
        else:
            self._again(job, tried, tried.fault)

    async def _try(self, job: Job) -> _Tried:
        """One attempt.

        Raises:
            PotstillError: the server refuses the request for good.
        """
        if self._session is None:
            self._session = open_session({"Content-Type": "application/json", **self._headers}, self._endpoint.timeout)
        name = "-".join(filter(None, (job.key, self._mark, str(job.named or ""))))
        body = orjson.dumps(job.request.body, default=dict)
        try:
            async with self._session.post(job.request.url, data=body, headers={"Idempotency-Key": name}, allow_redirects=False) as response:
                raw, status, headers = await response.read(), response.status, response.headers
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            fault = retry.read_failure(error, self._place, job.request.about)
            return _Tried(charged=(0, 0) if fault.unreached else job.aside, fault=fault)
        self._reached = True
        cleared = self._place.secret.remove(raw)
        if not 200 <= status < 300:
            tried = self._read(job, cleared) if status in retry.REFUSED and is_filtered(cleared) else _Tried()
            if job.outcome is not None:
                return tried
            place = replace(self._place, model=str(job.request.body.get("model", "")))
            return _Tried(fault=retry.read_status(status, headers, raw, place, job.request.about))
        return self._read(job, cleared)

    def _read(self, job: Job, raw: bytes) -> _Tried:
        """What a response says. One that is not what was asked for was paid for nevertheless."""
        try:
            value, usage = job.order.parse(job.request, raw)
        except MalformedError as error:
            is_whole = _is_json(raw)
            if is_whole:
                job.spoilt, job.named = job.spoilt + 1, job.named + 1
                self._account.spoilt[job.key] = job.named
            what = f"the response is not what was asked for: {self._place.secret.scrub(str(error))[: retry.SHOWN]}"
            return _Tried(unread=raw if is_whole else None, charged=job.aside, fault=Fault(what, fix=error.fix))
        except PotstillError as error:
            return _Tried(charged=job.aside, error=error)
        except Exception as error:  # a fault in the reading, not in what was read: it is kept for a better reader
            return _Tried(raw, charged=job.aside, error=error)
        usage = replace(usage, cost_microusd=cost_microusd(usage, self._endpoint.price))
        job.outcome = (value, usage, job.key, hashlib.sha256(raw).hexdigest())
        return _Tried(raw, usage=usage, charged=charged(usage, *job.aside))

    def _tell_limit(self, tried: _Tried, started: float) -> None:
        if tried.fault is not None and tried.fault.heavy:
            self._limit.trouble(started, tried.fault.retry_after)
        elif tried.response is not None:
            self._limit.succeed(started)
        else:
            self._limit.abandon()

    def _conclude(self, job: Job, tried: _Tried) -> None:
        """Write down an answer, or that there will be none; the job is done when that is on the disk."""
        if tried.error is not None:
            job.fail(tried.error)
        state: State = "failed" if tried.response is None else "answered"
        told = "" if tried.error is None else self._place.secret.scrub(str(tried.error))
        entry = self._entry(
            job,
            state,
            usage=tried.usage,
            **_settled(job, tried),
            answered_at=None if tried.response is None else time.time(),
            error=told,
            response=tried.unread if tried.response is None else tried.response,
        )
        self._account.recorder.put(entry, job)

    def _again(self, job: Job, tried: _Tried, fault: Fault) -> None:
        """Wait, and send a job again; or give it up."""
        job.refusals += fault.busy
        job.faults += not fault.busy
        most = retry.MOST_UNREACHED if fault.unreached and not self._reached else retry.MOST_ATTEMPTS
        if job.spoilt >= retry.MOST_SPOILT:
            unread = retry.not_understood(fault.what, self._endpoint.dialect, self._place, job.request.about, fault.fix)
            self._conclude(job, replace(tried, fault=None, error=unread))
            return
        if job.faults >= most or job.refusals >= retry.MOST_REFUSALS:
            error = retry.given_up(fault, job.faults + job.refusals, self._place, job.request.about)
            self._conclude(job, replace(tried, fault=None, error=error))
            return
        entry = self._entry(job, "failed", **_settled(job, tried), error=fault.what)
        seconds = max(fault.retry_after or 0.0, retry.delay(job.faults + job.refusals, self._random))
        if tried.unread is None:
            self._account.recorder.put(entry)
            self._sleep(job, seconds)
        else:
            self._account.recorder.put(entry, _Renamed(self, job, seconds))

    def _sleep(self, job: Job, seconds: float) -> None:
        """Send a job again after so many seconds."""
        self._sleeping[job] = asyncio.get_running_loop().call_later(seconds, self._wake, job)
        if job.order.stopped is not None:
            self.sweep(job.order)

    def _wake(self, job: Job) -> None:
        """A job has waited long enough."""
        del self._sleeping[job]
        self._queue.appendleft(job)
        self.pump()

    def _entry(self, job: Job, state: State, **fields: Any) -> Entry:
        model = str(job.request.body.get("model", ""))
        return Entry(job.key, state, server=self._place.server, model=model, about=job.request.about, spoilt=job.named, **fields)


@dataclass(frozen=True, slots=True)
class _Renamed:
    """Sends a job again once its new name is on the disk: killed before, we would send it under the old one, and pay twice."""

    sender: Sender
    job: Job
    seconds: float

    def written(self, error: StoreError | None) -> None:
        """It is, or it could not be written."""
        if error is None:
            self.sender._sleep(self.job, self.seconds)
        else:
            self.job.written(error)

    def tell(self) -> None:
        """Whoever waits may look again."""
        self.job.tell()


def _settled(job: Job, tried: _Tried) -> dict[str, int | None]:
    """What is left to charge for an attempt in the ledger: all that was set aside was charged when it was sent, in case we are killed."""
    (tokens, microusd), (tokens_aside, microusd_aside) = tried.charged, job.aside
    left = None if microusd is None or microusd_aside is None else microusd - microusd_aside
    return {"charged_tokens": tokens - tokens_aside, "charged_microusd": left}


def _is_json(raw: bytes) -> bool:
    """Whether a response came whole."""
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return True
