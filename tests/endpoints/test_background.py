from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from potstill.endpoints import background


async def here() -> str:
    return threading.current_thread().name


def test_work_is_done_in_one_thread_beside_ours() -> None:
    assert background.run(here()) == background.run(here()) == "potstill endpoints"
    assert background.loop() is background.loop()


def test_what_takes_too_long_is_cancelled() -> None:
    ended = threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        background.run(long(), 0.01)
    assert ended.wait(5)


def test_a_forked_process_has_a_loop_of_its_own() -> None:
    script = """
import os
from potstill.endpoints import background
async def one(): return 1
assert background.run(one()) == 1
child = os.fork()
if not child:
    os._exit(0 if background.run(one(), 10) == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
print("both")
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout == "both\n"


def test_the_loops_own_thread_knows_itself() -> None:
    async def ask() -> bool:
        return background.is_here()

    assert background.run(ask())
    assert not background.is_here()


def test_work_can_be_started_without_waiting() -> None:
    done = threading.Event()

    async def tell() -> None:
        done.set()

    background.start(tell())
    assert done.wait(5)
