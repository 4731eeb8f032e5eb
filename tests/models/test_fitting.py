from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from potstill.errors import ModelError
from potstill.models import Answer, Keep, Options, Sampling, open_model
from potstill.models.base import NOTHING, Endpoint, Given, TooLongError
from potstill.models.fitting import answers_that_fit
from potstill.types import Prompt
from tests.endpoints.server import Server
from tests.models.small import ask, write_model

SAMPLING = Sampling(temperature=0, max_new_tokens=4)
SHORT = [ask(f"What is {i}?") for i in range(5)]
LONG = ask("7 " * 200)


@dataclass
class Telling:
    """A model that tells only when it is asked what it cannot read."""

    longest: int
    name: str = "telling"
    gives: frozenset[str] = frozenset({"text"})
    asked: list[int] = field(default_factory=list)

    def identity(self) -> dict[str, str]:
        return {}

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        self.asked.append(len(prompts))
        if any(len(prompt.question) > self.longest for prompt in prompts):
            raise TooLongError("too long")
        return [[Answer(prompt.question)] for prompt in prompts]

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        raise ModelError("it cannot")


def test_what_does_not_fit_is_found_by_halves() -> None:
    model = Telling(longest=20)
    found = answers_that_fit(model, [*SHORT[:3], LONG, *SHORT[3:]], SAMPLING)
    assert found[3] is None
    assert [one.text for one in found if one is not None] == [one.question for one in SHORT]
    assert model.asked == [6, 3, 3, 1, 2]
    assert answers_that_fit(model, [LONG], SAMPLING) == [None]
    assert answers_that_fit(model, [], SAMPLING) == []


def test_another_fault_stops() -> None:
    class Down(Telling):
        def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
            raise ModelError("the server is down")

    with pytest.raises(ModelError, match="the server is down"):
        answers_that_fit(Down(longest=20), [*SHORT, LONG], SAMPLING)


@pytest.mark.parametrize("dialect", ["local", "openai", "anthropic", "vllm", "llama_cpp"])
def test_every_kind_of_model_answers_what_fits_and_is_paid_once(tmp_path: Path, dialect: str) -> None:
    folder = write_model(tmp_path / "model")
    with Server(folder) as server:
        if dialect == "local":
            model = open_model(f"hf:{folder}")
        else:
            endpoint = Endpoint(dialect, f"hf:{folder}" if dialect == "vllm" else None, concurrency=2, timeout=20.0)
            model = open_model(server.url, Options(endpoint=endpoint))
        expected = [rows[0].text for rows in open_model(f"hf:{folder}").draw(SHORT, SAMPLING)]
        found = answers_that_fit(model, [SHORT[0], LONG, *SHORT[1:], LONG], SAMPLING)
        assert [found[1], found[-1]] == [None, None]
        assert [one.text for one in found if one is not None] == expected
        paid = server.answered.values() if dialect != "llama_cpp" else ()  # which is asked for tokens too, and that is free
        assert set(paid) <= {1}
