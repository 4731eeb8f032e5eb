"""Keys: read from the environment, sent to the server, and never written anywhere."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit

from potstill.errors import ModelError
from potstill.recipe.models import KEY_NAMES, names_variable

HIDDEN = "[secret]"
SHORTEST = 8
"""Characters; a shorter key is a placeholder that local servers ask for (`EMPTY`, `none`), and common in texts."""

_LOOKS_SECRET = re.compile(
    r"(?i)(?P<said>(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?|(?:x-)?api[-_]?key[\"']?\s*[:=]\s*[\"']?|\bbearer\s+)"
    r"(?P<word>[^\s\"',;<>)]+)"
    r"|\bsk-[A-Za-z0-9_-]{8,}"
)
"""What looks like a key in an error's words: after the name of a header, or with the prefix that hosted servers give theirs."""


class Secret:
    """A key that shows itself to nobody who does not ask.

    Args:
        name: the environment variable it came from; empty for none.
        value: the key; empty: the server asks for none.
    """

    __slots__ = ("_forms", "_value", "name")

    def __init__(self, name: str = "", value: str = "") -> None:
        self.name, self._value = name, value
        self._forms = sorted({form.encode() for form in _forms(value)}, key=len, reverse=True) if len(value) >= SHORTEST else []

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not to be written")

    @property
    def value(self) -> str:
        """The key itself."""
        return self._value

    def remove(self, raw: bytes) -> bytes:
        """A response's body without the key: as it is, within a URL, in JSON, and in base64."""
        for form in self._forms:
            if form in raw:
                raw = raw.replace(form, HIDDEN.encode())
        return raw

    def scrub(self, text: str) -> str:
        """An error's words without the key, and without whatever else looks like one."""
        cleared = self.remove(text.encode("utf-8", "replace")).decode()
        return _LOOKS_SECRET.sub(lambda match: f"{match['said'] or ''}{HIDDEN}", cleared)


NO_KEY = Secret()


def read_key(variable: str | None) -> Secret:
    """The key in an environment variable; without a variable, none.

    Raises:
        ModelError: the variable is not set, empty, or holds what no header can; or its name is none, which is then not shown.
    """
    if variable is None:
        return NO_KEY
    if not names_variable(variable):
        fix = "put the key in a variable and give that name"
        raise ModelError("what is given is no name of an environment variable", where="api_key_env", fix=fix)
    value = os.environ.get(variable, "").strip()
    where, fix = f"api_key_env = {variable!r}", f"export {variable}=… before the run, or leave api_key_env out for a server without a key"
    if not value:
        state = "is empty" if variable in os.environ else "is not set"
        raise ModelError(f"the environment variable {variable} {state}: it should hold the server's key", where=where, fix=fix)
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ModelError(f"the environment variable {variable} holds characters that no key has", where=where, fix="copy the key anew")
    return Secret(variable, value)


def refuse_credentials(url: str) -> None:
    """An address is written down in many places: it may hold no password and no key.

    Raises:
        ModelError: it holds one; the message does not.
    """
    parts = urlsplit(url)
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    fix = "put the key in an environment variable and name it: api_key_env = …"
    if "@" in parts.netloc:
        raise ModelError("the address holds a user name or password", where=shown, fix=fix)
    for setting, _ in parse_qsl(parts.query, keep_blank_values=True):
        if setting.lower() in KEY_NAMES:
            raise ModelError(f"the address holds a key: ?{setting}=…", where=shown, fix=fix)


def _forms(key: str) -> Iterator[str]:
    """How a key may stand in a text."""
    yield from (key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1], json.dumps(key)[1:-1].replace("/", "\\/"))
    for before in range(3):  # in base64 three bytes are four characters, so that a key within a text has three forms
        encoded = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        certain = encoded[(0, 2, 3)[before] : len(encoded) - bool((before + len(key)) % 3)]
        yield from (certain, certain.translate(str.maketrans("+/", "-_")))
