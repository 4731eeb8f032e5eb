from __future__ import annotations

import base64
import json
import pickle
from urllib.parse import quote, quote_plus

import pytest

from potstill.endpoints.secrets import HIDDEN, NO_KEY, Secret, read_key, refuse_credentials
from potstill.errors import ModelError

KEY = "pl4nted+secret/with=signs&more"


def test_a_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", f"{KEY}\n")
    assert read_key("SOME_KEY").value == KEY
    assert read_key(None) is NO_KEY


@pytest.mark.parametrize(
    ("value", "words"), [(None, "is not set"), ("", "is empty"), ("  ", "is empty"), ("a b", "no key has"), ("schlüssel", "no key has")]
)
def test_a_key_that_cannot_be_used_is_told_without_showing_it(value: str | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(ModelError, match=words) as caught:
        read_key("SOME_KEY")
    assert "SOME_KEY" in str(caught.value)
    assert not (value or "").strip() or str(value) not in str(caught.value)


def test_it_shows_itself_to_nobody() -> None:
    secret = Secret("SOME_KEY", KEY)
    assert repr(secret) == str(secret) == f"{secret}" == "Secret(SOME_KEY)"
    with pytest.raises(TypeError, match="not to be written"):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY, safe=""),
        quote_plus(KEY),
        json.dumps({"echo": f'say "{KEY}"'}),
        KEY.replace("/", "\\/"),
        *(base64.b64encode(before.encode() + KEY.encode() + b"after").decode() for before in ("", "u", "me", "user:", "Bearer ")),
        base64.urlsafe_b64encode(f"user:{KEY}".encode()).decode(),
    ],
)
def test_it_is_removed_in_every_form(form: str) -> None:
    cleared = Secret("SOME_KEY", KEY).remove(f"before {form} after".encode()).decode()
    assert HIDDEN in cleared
    assert form not in cleared
    assert "secret/with" not in cleared
    assert cleared.startswith("before ")
    assert cleared.endswith(" after")
    for before in ("", "u", "me"):
        assert base64.b64encode(f"{before}{KEY}".encode()).decode().rstrip("=")[4:-4] not in cleared


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("Authorization: Bearer abc123", f"Authorization: {HIDDEN}"),
        ('{"authorization": "Basic dXNlcg=="}', f'{{"authorization": "Basic {HIDDEN}"}}'),
        ("x-api-key: abc123, and more", f"x-api-key: {HIDDEN}, and more"),
        ("Incorrect API key provided: sk-proj-abcd1234efgh.", f"Incorrect API key provided: {HIDDEN}."),
        ("?api_key=abc123&x=1", f"?api_key={HIDDEN}"),
        ("the bearer abc", f"the bearer {HIDDEN}"),
        ("a risk-free task-list is not a key", "a risk-free task-list is not a key"),
        ("no key here", "no key here"),
    ],
)
def test_words_lose_what_looks_like_a_key(text: str, cleared: str) -> None:
    scrubbed = NO_KEY.scrub(text)
    assert scrubbed.replace("Bearer ", "") == cleared.replace("Bearer ", "")


def test_answers_keep_what_only_looks_like_a_key() -> None:
    assert Secret("SOME_KEY", KEY).remove(b"use sk-0123456789 and Bearer x") == b"use sk-0123456789 and Bearer x"


def test_a_placeholder_is_not_searched_for_in_texts() -> None:
    assert Secret("SOME_KEY", "EMPTY").remove(b"an EMPTY box") == b"an EMPTY box"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://me:hunter2@host/v1", "user name or password"),
        ("http://hunter2@host/v1", "user name or password"),
        ("https://host/v1?api_key=hunter2", r"a key: \?api_key"),
        ("https://host/v1?x=1&Token=hunter2#m", "a key"),
    ],
)
def test_an_address_with_a_key_is_refused_without_showing_it(url: str, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        refuse_credentials(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1#me/model@main", "https://host/v1?api-version=2024-02-01", "https://host/token/v1"]
)
def test_other_addresses_pass(url: str) -> None:
    told = []
    try:
        refuse_credentials(url)
    except ModelError as error:
        told.append(str(error))
    assert told == []


def test_a_key_given_as_its_variables_name_is_not_shown() -> None:
    for key in ("sk-4bC9dE72", "a4b9c1d8e7f60512a4b9c1d8e7f60512"):
        with pytest.raises(ModelError, match="no name of an environment variable") as caught:
            read_key(key)
        assert key not in str(caught.value)
