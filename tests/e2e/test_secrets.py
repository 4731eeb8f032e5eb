"""A planted key is in no byte that is written: not in the run folder, not in what is printed, whatever the server does with it."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pyarrow.parquet as pq
import pytest

from potstill.cli import main
from potstill.endpoints import retry
from tests.e2e.still import TINY
from tests.endpoints.plain_server import PlainServer, Plan, Reply

KEY = "sk-pl4nted/Key+with=signs&more"
NAME = "POTSTILL_TEST_KEY"
MARK = "a-mark-that-is-no-secret"
"""It stands wherever the key does: where it is not found, the search is blind."""
Command = Callable[..., tuple[int, str]]


def encoded(text: str) -> Iterator[str]:
    """What base64 makes of a text wherever it stands in a longer one, without the characters that its neighbours change."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + text.encode() + b"\0\0").decode()[4:-4]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


FORMS = [KEY, KEY[3:-3], KEY.replace("/", "\\/"), quote(KEY, safe=""), quote_plus(KEY), KEY.encode().hex(), *encoded(KEY)]
SAID = " ".join((MARK, KEY, f"Authorization: Bearer {KEY}", quote(KEY, safe=""), base64.b64encode(f"user:{KEY}".encode()).decode()))
HEADERS = {"WWW-Authenticate": f"Bearer {KEY}", "X-Echo": KEY, "Location": f"http://127.0.0.1:9/?api_key={quote(KEY)}"}


def chat(body: dict[str, Any]) -> Reply:
    """A chat completion that says what the server knows of the key, in every field; what is asked without a body is the list of models."""
    if not body:
        return Reply(body={"data": [{"id": "m", "owned_by": SAID}]}, headers=HEADERS)
    message = {"role": "assistant", "content": f"{SAID} Answer: 7", "reasoning_content": SAID}
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    return Reply(body={"id": SAID, "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}, headers=HEADERS)


def well(number: int, body: dict[str, Any]) -> Reply:
    return chat(body)


def faulty() -> Plan:
    """The first attempt at each request fails, the next in another way than the one before; the second is answered."""
    seen = list[str]()

    def plan(number: int, body: dict[str, Any]) -> Reply:
        asked = json.dumps(body)
        if asked in seen:
            return chat(body)
        seen.append(asked)
        faults = [
            Reply(500, SAID.encode(), HEADERS),
            Reply(429, {"error": {"message": SAID}}, {**HEADERS, "Retry-After": "0.01"}),
            Reply(reset=True),
            Reply(200, {"choices": SAID}, HEADERS),
            Reply(cut=True, body=chat(body).body),
        ]
        return faults[len(seen) % len(faults)]

    return plan


def refusing(number: int, body: dict[str, Any]) -> Reply:
    return Reply(401, {"error": {"message": SAID}}, HEADERS)


def refusing_later(number: int, body: dict[str, Any]) -> Reply:
    return chat(body) if number < 20 else Reply(400, {"error": {"message": f"{KEY[:9]} {SAID}"}}, HEADERS)


def unreadable(number: int, body: dict[str, Any]) -> Reply:
    return Reply(200, {"choices": SAID}, HEADERS)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """A command on the tiny recipe with a teacher behind the server: its exit code and all that it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(NAME, KEY)
    monkeypatch.setattr(retry, "BASE", 0.01)

    def run(*words: str, server: PlainServer | None = None) -> tuple[int, str]:
        settings = list[str]()
        if server is not None:
            teacher = {"model": f"{server.base}#m", "api_key_env": NAME, "top_k": 0, "price": {"input": 1.0, "output": 2.0}, "timeout": 5.0}
            section = ", ".join(f"{key} = {json.dumps(value).replace(': ', ' = ')}" for key, value in teacher.items())
            section = section.replace('"input"', "input").replace('"output"', "output")
            settings = [word for each in (f"teachers=[{{{section}}}]", "filters=[]") for word in ("--set", each)]
        code = main([*words, *settings])
        told = capfd.readouterr()
        return code, told.out + told.err

    return run


def written(folder: Path) -> dict[str, str]:
    """Every file -> its bytes as text, and what is in it packed: the rows of tables, the responses of the ledger."""
    found = dict[str, str]()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += json.dumps(pq.read_table(path).to_pylist(), default=repr, ensure_ascii=False)
        if path.suffix == ".sqlite":
            rows = sqlite3.connect(path).execute("SELECT * FROM requests").fetchall()
            text += "".join(_unpacked(value) for row in rows for value in row)
        found[str(path.relative_to(folder))] = text
    return found


def _unpacked(value: object) -> str:
    if isinstance(value, bytes):
        return (zlib.decompress(value) if value.startswith(b"x\x01") else value).decode("utf-8", "replace")
    return str(value)


def check_hidden(folder: Path, *told: str) -> None:
    """No form of the key is in a file or in what was printed."""
    for name, text in {**written(folder), **{f"output {i}": each for i, each in enumerate(told)}}.items():
        assert not [form for form in FORMS if form in text], name


@pytest.mark.parametrize(("plan", "last"), [(well, "report"), (faulty(), "filter")], ids=["well", "faulty"])
def test_a_run_that_ends_well_writes_no_key(plan: Plan, last: str, command: Command, tmp_path: Path) -> None:
    with PlainServer(plan) as server:
        _, examined = command("doctor", str(TINY), "--out", "doctor-alone.json", server=server)
        code, told = command("run", str(TINY), "--out", "run", "--to", last, server=server)
        assert code == 0, told
        assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    _, traced = command("trace", "run", "--json")
    check_hidden(tmp_path, examined, told, traced)
    found = written(tmp_path)
    assert any(name.startswith(f"run/{last}/") for name in found)
    assert MARK in found["run/ledger.sqlite"]
    assert "[secret]" in found["run/ledger.sqlite"]
    assert any(MARK in text for name, text in found.items() if "traces" in name)


@pytest.mark.parametrize(("plan", "words"), [(refusing, "refused the key"), (unreadable, "could not be read"), (refusing_later, "400")])
def test_a_run_that_fails_writes_no_key(plan: Plan, words: str, command: Command, tmp_path: Path) -> None:
    with PlainServer(plan) as server:
        for output in ([], ["--json"], ["--quiet"]):
            code, told = command("run", str(TINY), "--out", "run", *output, server=server)
            assert code == 1
            assert words in told
            check_hidden(tmp_path, told)
        _, examined = command("doctor", str(TINY), server=server)
    check_hidden(tmp_path, examined)


def test_a_key_given_in_place_of_its_variable_is_not_written(command: Command, tmp_path: Path) -> None:
    teachers = f'teachers=[{{model = "http://127.0.0.1:9/v1#m", api_key_env = "{KEY}"}}]'
    code, told = command("run", str(TINY), "--out", "run", "--set", teachers)
    assert code == 1
    assert "name of an environment variable" in told
    check_hidden(tmp_path, told)


def test_the_search_finds_every_form_of_the_key(tmp_path: Path) -> None:
    for form in FORMS:
        (tmp_path / "leak").write_text(f"before {form} after")
        with pytest.raises(AssertionError, match="leak"):
            check_hidden(tmp_path)
