"""How fast the endpoint client is: requests a second, with its ledger on a disk, against a server in another process.

`requests_per_s`: a server that answers at once. `latency_bound_share`: 64 in flight against one that takes 50 ms, as a share of the
64 / 0.05 = 1,280 requests a second that are possible.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from potstill.endpoints.base import Request
from potstill.endpoints.client import Client
from potstill.models.base import Endpoint, Spending
from potstill.types import Usage

IN_FLIGHT = 64
LATENCY = 0.05
ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "The answer is 42. " * 8}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 30, "completion_tokens": 40},
}


def serve(seconds: float) -> None:
    """A server that answers every POST after `seconds`, until its process is ended; it prints its port."""
    import asyncio

    from aiohttp import web

    body = orjson.dumps(ANSWER)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        if seconds:
            await asyncio.sleep(seconds)
        return web.Response(body=body, content_type="application/json")

    async def run() -> None:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def server(seconds: float) -> Iterator[str]:
    """The address of a server in another process."""
    with subprocess.Popen([sys.executable, __file__, f"{seconds}"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def read(request: Request, raw: bytes) -> tuple[Any, Usage]:
    told = orjson.loads(raw)
    usage = told["usage"]
    return told["choices"][0]["message"]["content"], Usage(usage["prompt_tokens"], usage["completion_tokens"])


def questions(address: str, n: int) -> Iterator[Request]:
    for i in range(n):
        body = {"model": "m", "messages": [{"role": "user", "content": f"What is {i} + {i}? " * 4}], "max_tokens": 64, "seed": i}
        yield Request(f"{address}/chat/completions", body, {"draw": "0"}, tokens=128, about=f"question {i}")


def rate(address: str, n: int, ledger: Path) -> float:
    """Requests a second for `n` questions, each answered and on the disk."""
    endpoint = Endpoint(concurrency=IN_FLIGHT, spending=Spending(ledger))
    with Client(address, endpoint) as client:
        started = time.perf_counter()
        answered = sum(1 for _ in client.ask(questions(address, n), read))
        seconds = time.perf_counter() - started
    assert answered == n
    return n / seconds


def measure(quick: bool) -> dict[str, Any]:
    """`requests_per_s` and `latency_bound_share`, medians, with every measurement beside them; `replayed_per_s`: from the ledger alone."""
    n, times = (1500, 1) if quick else (10_000, 5)
    at_once, late, replayed = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder, server(0.0) as fast, server(LATENCY) as slow:
        for turn in range(times):
            ledger = Path(folder) / f"{turn}.sqlite"
            at_once.append(rate(fast, n, ledger))
            replayed.append(rate(fast, n, ledger))
            late.append(rate(slow, n, Path(folder) / f"slow-{turn}.sqlite") * LATENCY / IN_FLIGHT)
    return {
        "requests_per_s": median(at_once),
        "latency_bound_share": median(late),
        "details": {"requests": n, "at_once": at_once, "late": late, "replayed_per_s": median(replayed), "replayed": replayed},
    }


if __name__ == "__main__":
    serve(float(sys.argv[1]))
