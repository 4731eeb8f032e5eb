"""The one event loop on which a process talks to servers: in a thread of its own, so that stages need not wait in line with it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}
"""Process id -> loop: a forked process has its parent's memory, and none of its threads."""


def loop() -> asyncio.AbstractEventLoop:
    """The process's loop, which runs from the first call on until the process ends."""
    with _lock:
        known = _loops.get(os.getpid())
        if known is None:
            known = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=known.run_forever, name="potstill endpoints", daemon=True).start()
        return known


def is_here() -> bool:
    """Whether this is the loop's own thread."""
    try:
        return asyncio.get_running_loop() is _loops.get(os.getpid())
    except RuntimeError:
        return False


def start(work: Coroutine[Any, Any, Any]) -> None:
    """Do `work` on the loop, sooner or later."""
    asyncio.run_coroutine_threadsafe(work, loop())


def run(work: Coroutine[Any, Any, Result], timeout: float | None = None) -> Result:
    """Do `work` on the loop, and wait for it.

    Raises:
        TimeoutError: it took more than `timeout` seconds; it is cancelled.
    """
    future = asyncio.run_coroutine_threadsafe(work, loop())
    try:
        return future.result(timeout)
    except BaseException:
        future.cancel()
        raise
