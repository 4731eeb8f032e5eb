"""A request on its way, and who waits for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from potstill.endpoints.base import Parse, Request
from potstill.errors import StoreError
from potstill.types import Usage

Outcome = tuple[Any, Usage, str, str]
"""What a response says, what it took, the request's key, and the SHA-256 of the response."""


@dataclass(slots=True, eq=False)
class Job:
    """A request on its way.

    Attributes:
        request, key: what is asked.
        order: whose it is.
        microusd: most that it can cost; None: not known.
        faults: failed attempts; refusals: those at which the server said that it is busy, counted apart.
        spoilt: whole responses that were not what was asked for.
        named: the same, with those of earlier runs: an attempt after one is no repetition to the server, and goes by another name.
        outcome: the answer; it is to be given out once `done`.
        error: why there is none.
        done: nothing more happens to it.
    """

    request: Request
    key: str
    order: Order
    microusd: int | None = None
    faults: int = 0
    refusals: int = 0
    spoilt: int = 0
    named: int = 0
    outcome: Outcome | None = None
    error: BaseException | None = None
    done: bool = False

    @property
    def aside(self) -> tuple[int, int | None]:
        """Tokens and micro-dollars that are set aside for an attempt: the most that it can take."""
        return self.request.tokens, self.microusd

    def written(self, error: StoreError | None) -> None:
        """Its answer is on the disk, or could not be written."""
        if error is not None:
            self.fail(error)
        self.order.finish(self)

    def tell(self) -> None:
        """Whoever waits for its order may look again."""
        self.order.tell()

    def fail(self, error: BaseException) -> None:
        """There will be no answer, and nothing new is begun for the same order."""
        self.error = error
        self.order.stop(error)


class Order:
    """What one call asks for: the meeting place of the caller's thread, which waits, and the event loop, which works.

    Args:
        parse: reads the responses.
    """

    def __init__(self, parse: Parse) -> None:
        self.parse = parse
        self.stopped: BaseException | None = None
        self._changed = threading.Condition()
        self._open = 0
        self._untold = False

    def begin(self, jobs: int) -> None:
        """So many more jobs are on their way."""
        with self._changed:
            self._open += jobs

    def finish(self, job: Job) -> None:
        """Nothing more happens to a job; `tell` says so to whoever waits."""
        with self._changed:
            job.done = True
            self._open -= 1
            self._untold = True

    def tell(self) -> None:
        """Jobs are finished: whoever waits may look again."""
        with self._changed:
            if self._untold:
                self._untold = False
                self._changed.notify_all()

    def stop(self, error: BaseException) -> None:
        """Begin nothing new: the first error is the one that counts."""
        if self.stopped is None:
            self.stopped = error

    def wait_for(self, job: Job) -> None:
        """Return when nothing more happens to a job."""
        with self._changed:
            self._changed.wait_for(lambda: job.done)

    def wait_for_all(self, timeout: float | None) -> bool:
        """Return when nothing more happens to any job, or after `timeout` seconds; whether nothing does."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout)


def in_order(pull: Callable[[], Iterable[Job]], order: Order, ahead: int) -> Iterator[Job]:
    """Jobs in the order in which they are pulled, each when it is done, with up to `ahead` of them on their way.

    Args:
        pull: the next few jobs, on their way; none at the end.
        order: theirs.
        ahead: pulled and not given out; what was pulled last may go over it.
    """
    window: deque[Job] = deque()
    more = True
    while True:
        while more and len(window) < ahead:
            pulled = list(pull())
            more = bool(pulled) and order.stopped is None
            window.extend(pulled)
        if not window:
            return
        order.wait_for(window[0])
        while window and window[0].done:
            yield window.popleft()
