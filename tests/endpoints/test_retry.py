from __future__ import annotations

import random
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest

from potstill.endpoints.retry import CAP, Fault, Place, delay, given_up, not_understood, read_failure, read_status
from potstill.endpoints.secrets import Secret
from potstill.errors import BudgetError, CapabilityError, ModelError, PotstillError
from potstill.models.base import TooLongError

PLACE = Place("http://host:1", "m", Secret("SOME_KEY", "pl4nted-key"))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_can_succeed_again_is_a_fault(status: int) -> None:
    fault = read_status(status, {}, b'{"error": {"message": "later"}}', PLACE)
    assert fault.what == f"the server answered {status}: later"
    assert fault.busy == (status in {429, 503, 529})
    assert fault.heavy == (status in {408, 429, 503, 504, 529})


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b"", ModelError, "does not take the request"),
        (401, b"", ModelError, "refused the key.*check the key in SOME_KEY"),
        (403, b"", ModelError, "refused the key"),
        (404, b"", ModelError, "no model 'm' there"),
        (400, b'{"error": {"code": "model_not_found"}}', ModelError, "no model 'm' there"),
        (413, b"", TooLongError, "too long"),
        (422, b'{"detail": "This model\'s maximum context length is 4096 tokens"}', TooLongError, "too long"),
        (400, b'{"message": "Requested sample logprobs of 50, max 20"}', CapabilityError, "lower top_k"),
        (
            400,
            b'{"error": {"message": "Unsupported parameter: max_tokens. Use max_completion_tokens instead."}}',
            ModelError,
            r"limit of the answer's length.*parameters = {max_completion_tokens = …}",
        ),
        (402, b"", BudgetError, "quota"),
        (429, b'{"error": {"code": "insufficient_quota"}}', BudgetError, "quota"),
        (307, b"", ModelError, "elsewhere"),
        (501, b"", ModelError, "does not take"),
    ],
)
def test_what_cannot_says_what_to_do(status: int, body: bytes, kind: type[PotstillError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        read_status(status, {}, body, PLACE, "prompt 7")
    assert caught.value.where == "http://host:1 (prompt 7)"
    assert caught.value.fix


def test_a_server_that_wants_a_key_is_told_apart_from_a_wrong_key() -> None:
    with pytest.raises(ModelError, match="wants a key.*api_key_env"):
        read_status(401, {}, b"", Place("http://host"))


def test_the_time_that_a_server_asks_for_is_read_in_both_ways() -> None:
    assert read_status(429, {"Retry-After": "2.5"}, b"", PLACE).retry_after == 2.5
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    told = read_status(503, {"Retry-After": then}, b"", PLACE).retry_after
    assert told is not None
    assert 55 < told <= 60
    for strange in ("soon", "nan", "", "-5 apples"):
        assert read_status(429, {"Retry-After": strange}, b"", PLACE).retry_after is None
    assert read_status(429, {"Retry-After": "-5"}, b"", PLACE).retry_after == 0.0


def test_a_wait_of_hours_stops_the_run() -> None:
    with pytest.raises(BudgetError, match="asks to wait 36000 seconds") as caught:
        read_status(429, {"Retry-After": "36000"}, b"", PLACE)
    assert caught.value.exit_code == 3


def test_failures_without_a_response() -> None:
    fault = read_failure(TimeoutError(), PLACE)
    assert (fault.heavy, fault.unreached, fault.what) == (True, False, "no answer within the time-out")
    broken = read_failure(aiohttp.ServerDisconnectedError(), PLACE)
    assert "the connection broke" in broken.what
    assert broken.heavy
    assert read_failure(ConnectionResetError(104, "reset"), PLACE).heavy
    with pytest.raises(ModelError, match="no secure connection"):
        read_failure(ssl.SSLError("certificate"), PLACE)
    with pytest.raises(ModelError, match="not an address"):
        read_failure(aiohttp.InvalidURL("http://"), PLACE)


def test_no_error_shows_the_key() -> None:
    for body in (b"bad pl4nted-key", b"x" * 290 + b" pl4nted-key", b'{"error": "Bearer pl4nted-key"}'):
        with pytest.raises(ModelError) as caught:
            read_status(401, {}, body, PLACE)
        assert "pl4nted" not in str(caught.value)
        assert "pl4nted" not in read_status(500, {}, body, PLACE).what
    assert "pl4nted" not in read_failure(OSError("to pl4nted-key"), PLACE).what


def test_waits_grow_and_differ() -> None:
    draw = random.Random(0)
    for attempt, most in ((1, 0.5), (2, 1.0), (3, 2.0), (20, CAP)):
        waits = [delay(attempt, draw) for _ in range(500)]
        assert 0 <= min(waits) < 0.05 * most
        assert 0.95 * most < max(waits) <= most


def test_giving_up_says_what_to_do() -> None:
    assert "check the address" in str(given_up(Fault("gone", unreached=True), 3, PLACE))
    assert "given up after 8 attempts: slow" in str(given_up(Fault("slow"), 8, PLACE, "prompt 7"))


def test_what_was_not_understood_is_said_to_be_kept_only_where_it_is() -> None:
    kept, forgotten = (not_understood("no value", "vllm", Place("http://h", ledger=ledger)) for ledger in ("runs/x/ledger.sqlite", ""))
    assert kept.fix.endswith("answers in another shape; the last response is in runs/x/ledger.sqlite")
    assert forgotten.fix.endswith("answers in another shape")
