"""What can succeed when it is asked again, and what cannot: then an error says what to do."""

from __future__ import annotations

import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from potstill.endpoints.secrets import NO_KEY, Secret
from potstill.errors import BudgetError, CapabilityError, ModelError, PotstillError
from potstill.models.base import TooLongError

MOST_ATTEMPTS = 8
"""Failed attempts before a request is given up."""
MOST_REFUSALS = 40
"""The same when the server said that it is busy: it will have time again."""
MOST_UNREACHED = 3
"""The same when no connection could be made and none ever was."""
MOST_SPOILT = 3
"""Whole responses that are not what was asked for: the next would not be either, and each is paid."""
BASE, CAP = 0.5, 30.0
"""Seconds: the longest first wait, and the longest of all."""
LONGEST_WAIT = 900.0
"""Seconds; a server that asks to be left alone for longer is not waited for."""
BUSY = frozenset({429, 503, 529})
AGAIN = frozenset({408, 409, 425}) | (frozenset(range(500, 600)) - {501, 505})
REFUSED = frozenset({400, 403, 422})
"""With these a filter's refusal of a prompt comes; whoever can read it as an answer does."""
ABSENT = frozenset({404, 405})
SHOWN = 300
"""Characters of a server's words."""

_QUOTA = ("insufficient_quota", "credit balance is too low", "billing_hard_limit", "exceeded your current quota")
_TOO_LONG = (
    "context length",
    "context_length",
    "maximum context",
    "too long",
    "too many tokens",
    "exceeds the context",
    "context size",
    "longer than",
)
_LIMITS = ("max_tokens", "max_completion_tokens")
_TOO_WIDE = ("logprob", "n_probs", "top_k")
_NO_MODEL = ("model_not_found", "does not exist", "model not found", "no such model", "unknown model")


class AbsentError(ModelError):
    """The server has nothing at an address."""


class UnansweredError(ModelError):
    """No attempt got a response that settles what the server did."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who is asked, for errors.

    Attributes:
        server: its address; model: as the request names it.
        secret: the key, which errors do not show.
        ledger: the file in which its responses are kept; empty: they are forgotten.
    """

    server: str
    model: str = ""
    secret: Secret = NO_KEY
    ledger: str = ""

    def at(self, about: str) -> str:
        """Where an error is: the server, and whom the request is for."""
        return f"{self.server} ({about})" if about else self.server


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed that may succeed when it is made again.

    Attributes:
        what: in words, without secrets.
        heavy: the server has too much to do: its limit is to be told.
        busy: it said so itself.
        unreached: no connection could be made.
        retry_after: seconds that it asks to be left alone.
        fix: what to do when it does not pass, where its reason says so.
    """

    what: str
    heavy: bool = False
    busy: bool = False
    unreached: bool = False
    retry_after: float | None = None
    fix: str = ""


def delay(attempt: int, random_source: random.Random) -> float:
    """Seconds before another attempt, after `attempt` failed ones (from 1): exponential back-off with full jitter.

    Source: M. Brooker, "Exponential backoff and jitter" (2015).
    """
    return random_source.uniform(0.0, min(CAP, BASE * 2.0 ** (attempt - 1)))


def read_status(status: int, headers: Mapping[str, str], body: bytes, place: Place, about: str = "") -> Fault:
    """Why a response that is no answer (its status is not 2xx) may become one.

    Raises:
        PotstillError: it cannot.
    """
    words = place.secret.scrub(_words(place.secret.remove(body)))
    what = f"the server answered {status}" + (f": {words}" if words else "")
    if status == 402 or (status in {400, 403, 429} and _holds(body, _QUOTA)):
        fix = "raise the account's limit and run the same command: what is paid is kept, and it goes on"
        raise BudgetError(f"the account's quota is used up: {what}", where=place.at(about), fix=fix)
    if status in BUSY or status in AGAIN:
        wait = _retry_after(headers)
        if wait is not None and wait > LONGEST_WAIT:
            fix = "run the same command then: what is paid is kept, and it goes on"
            raise BudgetError(f"the server asks to wait {wait:.0f} seconds: {what}", where=place.at(about), fix=fix)
        return Fault(what, heavy=status in BUSY or status in {408, 504}, busy=status in BUSY, retry_after=wait)
    raise _refusal(status, what, body, place, about)


def _refusal(status: int, what: str, body: bytes, place: Place, about: str) -> PotstillError:
    """The error for a request that will be refused however often it is sent."""
    where, key = place.at(about), place.secret.name
    if status in {401, 403}:
        fix = f"check the key in {key}, and that it may use the model" if key else "name the key's environment variable: api_key_env = …"
        return ModelError(f"the server refused the key: {what}" if key else f"the server wants a key: {what}", where=where, fix=fix)
    if status in ABSENT or (status == 400 and _holds(body, _NO_MODEL)):
        fix = "check the address and the name behind #; GET …/v1/models lists what the server has"
        kind = AbsentError if status in ABSENT else ModelError
        return kind(f"no model {place.model!r} there, or nothing at this address: {what}", where=where, fix=fix)
    if status == 413 or (status in {400, 422} and _holds(body, _TOO_LONG)):
        return TooLongError(f"the prompt is too long for the model: {what}", where=where, fix="drop the prompt or lower max_new_tokens")
    if 300 <= status < 400:
        return ModelError(f"the server sends elsewhere: {what}", where=where, fix="use the address it sends to; keys are not carried over")
    return _setting_refused(status, what, body, where)


def _setting_refused(status: int, what: str, body: bytes, where: str) -> PotstillError:
    """The error for a request whose settings the server does not take."""
    if status in {400, 422} and _holds(body, _LIMITS):
        fix = "lower max_new_tokens, or name the limit as newer models want it: parameters = {max_completion_tokens = …}"
        return ModelError(f"the server does not take the limit of the answer's length: {what}", where=where, fix=fix)
    if status in {400, 422} and _holds(body, _TOO_WIDE):
        fix = "lower top_k, or start the server with a larger limit (vLLM: --max-logprobs)"
        return CapabilityError(f"the server does not give what is kept of its distribution: {what}", where=where, fix=fix)
    fix = "check the dialect, the teacher's `parameters` and what the server supports"
    return ModelError(f"the server does not take the request: {what}", where=where, fix=fix)


def read_failure(error: Exception, place: Place, about: str = "") -> Fault:
    """Why an attempt without a response may get one.

    Raises:
        ModelError: it cannot: the certificate is not accepted, or the address cannot be used.
    """
    words = place.secret.scrub(str(error))[:SHOWN]
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        fix = "check that the server speaks https there and that its certificate is one that this machine trusts"
        raise ModelError(f"no secure connection: {words}", where=place.at(about), fix=fix) from None
    if isinstance(error, aiohttp.InvalidURL):
        raise ModelError("not an address", where=place.at(about), fix="give it as http://HOST:PORT/v1#MODEL") from None
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Fault(f"the server cannot be reached: {words}", heavy=True, unreached=True)
    if isinstance(error, TimeoutError):
        return Fault("no answer within the time-out", heavy=True)
    return Fault(f"the connection broke: {words or type(error).__name__}", heavy=True)


def given_up(fault: Fault, times: int, place: Place, about: str = "") -> UnansweredError:
    """The error when an attempt has failed too often."""
    if fault.unreached:
        fix = "check the address and that the server runs, then run the same command: it asks only for what is missing"
    else:
        fix = (
            "see to the server (a longer `timeout` or a lower `concurrency` may help) and run the same command: it asks for what is missing"
        )
    return UnansweredError(f"given up after {times} attempts: {fault.what}", where=place.at(about), fix=fix)


def not_understood(what: str, dialect: str, place: Place, about: str = "", fix: str = "") -> ModelError:
    """The error when whole responses have too often not been what was asked for; `what`: what was wrong with the last, `fix`: its cure."""
    kept = f"; the last response is in {place.ledger}" if place.ledger else ""
    cure = fix or f"check the dialect: a server that does not speak {dialect!r} answers in another shape"
    return ModelError(f"{MOST_SPOILT} responses were whole and could not be read: {what}", where=place.at(about), fix=f"{cure}{kept}")


def _holds(body: bytes, words: tuple[str, ...]) -> bool:
    text = body.decode("utf-8", "replace").lower()
    return any(word in text for word in words)


def _words(body: bytes) -> str:
    """What an error's body says: its message where it is JSON, else its beginning."""
    try:
        told = _message(orjson.loads(body))
    except orjson.JSONDecodeError:
        told = body.decode("utf-8", "replace")
    return " ".join(told.split())[:SHOWN]


def _message(told: Any) -> str:
    """The message in an error of one of the usual shapes."""
    if isinstance(told, dict):
        for name in ("error", "message", "detail", "error_msg"):
            if told.get(name):
                return _message(told[name])
    return told if isinstance(told, str) else orjson.dumps(told).decode()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in the header `Retry-After`, a number or a date; None where it is absent or cannot be read."""
    told = headers.get("Retry-After", "").strip()
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None
