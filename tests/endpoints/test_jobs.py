from __future__ import annotations

import threading
import time
from itertools import islice

import pytest

from potstill.endpoints.base import Request
from potstill.endpoints.jobs import Job, Order, in_order
from potstill.errors import StoreError
from tests.endpoints.plain_server import read


def jobs(order: Order, n: int) -> list[Job]:
    made = [Job(request, f"{request.body['i']}", order) for request in (Request("http://x", {"i": i}, {}) for i in range(n))]
    order.begin(n)
    return made


def test_jobs_come_out_in_the_order_in_which_they_went_in() -> None:
    order = Order(read)
    source = iter(jobs(order, 10))
    started: list[Job] = []

    def pull() -> list[Job]:
        pulled = list(islice(source, 2))
        started.extend(pulled)
        return pulled

    def work() -> None:
        done = 0
        while done < 10:
            for job in reversed(started[done:]):
                order.finish(job)
                done += 1
            order.tell()
            time.sleep(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    got = [job.key for job in in_order(pull, order, 4)]
    thread.join()
    assert got == [f"{i}" for i in range(10)]


def test_no_more_than_the_window_is_pulled_ahead() -> None:
    order = Order(read)
    made = jobs(order, 100)
    source, pulled = iter(made), 0

    def pull() -> list[Job]:
        nonlocal pulled
        pulled += 3
        return list(islice(source, 3))

    stream = in_order(pull, order, 10)
    order.finish(made[0])
    assert next(stream) is made[0]
    assert pulled == 12


def test_one_waits_for_all() -> None:
    order = Order(read)
    made = jobs(order, 2)
    assert not order.wait_for_all(0)
    for job in made:
        order.finish(job)
    order.tell()
    assert order.wait_for_all(0)


def test_the_first_error_counts_and_a_stopped_order_pulls_no_more() -> None:
    order = Order(read)
    first, second = jobs(order, 2)
    first.written(StoreError("full"))
    second.written(StoreError("again"))
    assert str(order.stopped) == "full"
    assert (str(first.error), str(second.error)) == ("full", "again")
    pulls = iter([[first], [second]])
    assert list(in_order(lambda: next(pulls), order, 10)) == [first]


@pytest.mark.parametrize("error", [None, StoreError("full")])
def test_a_job_is_done_when_its_answer_is_on_the_disk_or_cannot_be(error: StoreError | None) -> None:
    (job,) = jobs(Order(read), 1)
    assert not job.done
    job.written(error)
    job.tell()
    assert job.done
    assert job.error is error
