"""How fast the endpoint client is: requests a second, with its ledger on a disk, against a server in another process.

`requests_per_s`: a server that answers at once. `latency_bound_share`: 64 in flight against one that takes 50 ms, as a share of the
64 / 0.05 = 1,280 requests a second that are possible. Beside it stands what aiohttp alone reaches, without limit, budget or ledger, and
the share of the processors' time that went to other guests of the machine (Linux: `steal`): neither is the client's doing.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
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
BODY = orjson.dumps(ANSWER)
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Answering(asyncio.Protocol):
    """A connection to a server that does no more than it must: what it costs is not the client's."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.received = seconds, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, _, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)\r\n", head + b"\r\n")
        if length is not None and len(body) >= int(length[1]):
            self.received = body[int(length[1]) :]
            asyncio.get_running_loop().call_later(self.seconds, self.transport.write, RESPONSE)


def serve(seconds: float) -> None:
    """A server that answers every request after `seconds`, until its process is ended; it prints its port."""

    async def run() -> None:
        listening = await asyncio.get_running_loop().create_server(lambda: Answering(seconds), "127.0.0.1", 0)
        print(listening.sockets[0].getsockname()[1], flush=True)
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


async def aiohttp_alone(address: str, n: int) -> float:
    """Requests a second of the same questions by as many workers, nothing written down."""
    waiting = questions(address, n)

    async def work(session: aiohttp.ClientSession) -> None:
        for request in waiting:
            async with session.post(request.url, data=orjson.dumps(request.body)) as response:
                read(request, await response.read())

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(IN_FLIGHT)))
        return n / (time.perf_counter() - started)


def stolen() -> tuple[int, int]:
    """Ticks since the machine began: those that other guests had of its processors, and all."""
    path = Path("/proc/stat")
    ticks = [int(number) for number in path.read_text().splitlines()[0].split()[1:9]] if path.is_file() else [0, 1]
    return ticks[-1], sum(ticks)


def measure(quick: bool) -> dict[str, Any]:
    """`requests_per_s` and `latency_bound_share`, medians, with every measurement beside them; `replayed_per_s`: from the ledger alone."""
    n, times = (1500, 1) if quick else (10_000, 5)
    found: dict[str, list[float]] = {name: [] for name in ("at_once", "replayed", "late", "late_stolen", "late_aiohttp_alone")}
    with tempfile.TemporaryDirectory() as folder, server(0.0) as fast, server(LATENCY) as slow:
        for turn in range(times):
            ledger = Path(folder) / f"{turn}.sqlite"
            found["at_once"].append(rate(fast, n, ledger))
            found["replayed"].append(rate(fast, n, ledger))
            found["late_aiohttp_alone"].append(asyncio.run(aiohttp_alone(slow, n)) * LATENCY / IN_FLIGHT)
            before = stolen()
            found["late"].append(rate(slow, n, Path(folder) / f"slow-{turn}.sqlite") * LATENCY / IN_FLIGHT)
            lost, ticks = (now - then for now, then in zip(stolen(), before, strict=True))
            found["late_stolen"].append(lost / max(ticks, 1))
    return {
        "requests_per_s": median(found["at_once"]),
        "latency_bound_share": median(found["late"]),
        "details": {"requests": n, "medians": {name: median(values) for name, values in found.items()}, **found},
    }


if __name__ == "__main__":
    serve(float(sys.argv[1]))
