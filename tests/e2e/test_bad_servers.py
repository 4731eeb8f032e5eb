"""A server that cannot be used ends a run with one line, before anything is paid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from potstill.cli import main
from tests.e2e.still import TINY
from tests.endpoints.server import Behaviour, Server
from tests.models.small import write_model

Fails = Callable[..., str]
NOWHERE = "http://127.0.0.1:9/v1#m"
KEY = "POTSTILL_TEST_KEY"


@pytest.fixture
def fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """The line that a run as far as `generate` prints when it fails as it should, with one teacher of these settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(KEY, raising=False)

    def run(*others: str, **teacher: object) -> str:
        capsys.readouterr()
        settings = ", ".join(f"{key} = {json.dumps(value)}" for key, value in {"top_k": 0, **teacher}.items())
        words = [word for override in (f"teachers=[{{{settings}}}]", *others) for word in ("--set", override)]
        assert main(["run", str(TINY), "--quiet", "--to", "generate", *words]) == 1
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        return told.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), max_position_embeddings=64)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(folder, Behaviour(key="right")) as running:
        yield running


@pytest.mark.parametrize(
    ("teacher", "told"),
    [
        ({"model": "http://127.0.0.1:9/v1"}, "the address names no model; write http://127.0.0.1:9/v1#MODEL"),
        ({"model": NOWHERE, "dialect": "vlm"}, "unknown dialect 'vlm'; did you mean 'vllm'?"),
        ({"model": "http://me:hunter2@127.0.0.1:9/v1#m"}, "the address holds a user name or password"),
        ({"model": NOWHERE, "api_key_env": KEY}, f"the environment variable {KEY} is not set"),
        ({"model": NOWHERE, "top_k": 40, "tokenizer": "world:a"}, "top_k is 40 and the dialect openai gives at most 20 tokens a position"),
        ({"model": NOWHERE}, "the server cannot be reached"),
    ],
)
def test_what_is_wrong_with_the_recipe(teacher: dict[str, object], told: str, fails: Fails) -> None:
    line = fails(**teacher)
    assert told in line
    assert "hunter2" not in line


def test_a_wrong_key(server: Server, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "wrong-and-secret")
    told = fails(model=server.url, api_key_env=KEY)
    assert "Incorrect API key provided" in told
    assert "wrong-and-secret" not in told
    assert not server.answered


def test_a_prompt_beyond_the_servers_context_is_found_before_any_is_sent(
    server: Server, folder: Path, fails: Fails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands where no shard and no probe has come to yet."""
    monkeypatch.setenv(KEY, "right")
    lines = [json.dumps({"prompt": f"{i}?"}) for i in range(600)] + [json.dumps({"prompt": "word " * 200})]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    told = fails('prompts.sources=["many.jsonl"]', model=server.url, api_key_env=KEY, dialect="vllm", tokenizer=f"hf:{folder}")
    assert "1 of 601 prompts do not fit its context of 64 tokens; the longest has" in told
    assert "many.jsonl:601" in told
    assert not server.bodies
