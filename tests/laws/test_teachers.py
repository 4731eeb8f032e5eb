"""What every teacher must be: the same when asked again, honest probabilities, tokens that are its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from potstill.endpoints.teacher import EndpointTeacher
from potstill.models import Answer, Endpoint, Given, Keep, LocalModel, Options, Sampling, Teacher, open_model, world
from potstill.models.classifier import ClassifierTeacher
from potstill.models.fake import FakeTeacher
from potstill.registry import names
from potstill.types import Prompt
from tests.endpoints.server import Server
from tests.endpoints.tls import certificate
from tests.models.small import ask, world_tokenizer, write_classifier, write_model

PROMPTS = [ask("What is 2+3?"), ask("Sort 3, 1."), ask("Say é.")]
TEXTS = ["Ann has 3 pens.", "ten"]
MORE = ("classifier", "sglang", "llama_cpp", "openai", "anthropic")
"""Beside one teacher of each kind: a sequence classifier, and an endpoint in each further dialect."""
Make = Callable[[Path], str | Teacher]
MAKERS: dict[str, Make] = {}
SERVERS: list[Server] = []


def maker(kind: str) -> Callable[[Make], Make]:
    """Register how a teacher of a kind is made for the laws."""

    def register(make: Make) -> Make:
        MAKERS[kind] = make
        return make

    return register


@maker("fake")
def _fake(folder: Path) -> str:
    return "fake:Answer: {prompt}"


@maker("hf")
def _hf(folder: Path) -> str:
    return f"hf:{write_model(folder / 'hf')}"


@maker("classifier")
def _classifier(folder: Path) -> str:
    return f"hf:{write_classifier(folder / 'classifier', num_labels=5)}"


@maker("recorded")
def _recorded(folder: Path) -> str:
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps({"prompt": p.question, "answer": f"{p.question} {i}"}) + "\n" for i in range(3) for p in PROMPTS))
    return f"recorded:{path}"


@maker("world")
def _world(folder: Path) -> str:
    if not (world.TEACHERS / "base").is_dir():
        pytest.skip("the world's teachers are not there: potstill world teach base")
    return "world:base"


def served(folder: Path, dialect: str, *, tls: bool = False) -> Teacher:
    """A small model behind a server of its own, which the fixture stops."""
    model = write_model(folder / "served", vocabulary=len(world_tokenizer()))
    SERVERS.append(Server(model, tls=certificate(folder) if tls else None).__enter__())
    tokenizer = None if dialect == "anthropic" else f"hf:{model}"
    return open_model(SERVERS[-1].url, Options(endpoint=Endpoint(dialect, tokenizer, concurrency=4)))


maker("http")(lambda folder: served(folder, "vllm"))
maker("https")(lambda folder: served(folder, "vllm", tls=True))
maker("sglang")(lambda folder: served(folder, "sglang"))
maker("llama_cpp")(lambda folder: served(folder, "llama_cpp"))
maker("openai")(lambda folder: served(folder, "openai"))
maker("anthropic")(lambda folder: served(folder, "anthropic"))


@pytest.fixture(scope="module", params=[*names("model"), *MORE])
def teacher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teacher]:
    """One teacher of each kind, and `MORE`."""
    assert request.param in MAKERS, f"say in MAKERS how a teacher of the kind {request.param!r} is made"
    made = MAKERS[request.param](tmp_path_factory.mktemp(request.param))
    yield open_model(made) if isinstance(made, str) else made
    while SERVERS:
        SERVERS.pop().__exit__(None, None, None)


def keep_of(teacher: Teacher) -> Keep:
    return Keep(size=4) if teacher.gives & {"top_k", "classes"} else Keep()


def plain_text(text: str) -> Given:
    return Given(Prompt((), reference=text))


def drawn(teacher: Teacher, prompts: Sequence[Prompt] = PROMPTS, **sampling: float) -> list[list[Answer]]:
    return teacher.draw(prompts, Sampling(**{"n": 2, "max_new_tokens": 12, "seed": 3, **sampling}), keep_of(teacher))


def plain(answers: list[list[Answer]]) -> list[list[tuple[str, tuple[int, ...], str]]]:
    return [[(a.text, a.token_ids, a.finish_reason) for a in group] for group in answers]


def decode(teacher: Teacher, ids: Sequence[int]) -> str:
    if isinstance(teacher, LocalModel | EndpointTeacher):
        assert teacher.tokenizer is not None
        return str(teacher.tokenizer.decode(list(ids), skip_special_tokens=True))
    if isinstance(teacher, ClassifierTeacher):
        return "".join(teacher.labels[i] for i in ids)
    assert isinstance(teacher, FakeTeacher)
    return teacher.decode(ids)


def test_it_is_a_teacher(teacher):
    assert isinstance(teacher, Teacher)
    assert teacher.gives <= {"text", "top_k", "score", "full", "hidden_states", "gradients", "classes"}
    assert "text" in teacher.gives
    assert teacher.identity() == teacher.identity() != {}
    assert all(isinstance(value, str) for value in teacher.identity().values())


def test_n_answers_to_each_prompt(teacher):
    assert [len(group) for group in drawn(teacher)] == [2, 2, 2]
    assert drawn(teacher, []) == []


def test_the_same_asked_again_gives_the_same(teacher):
    assert plain(drawn(teacher)) == plain(drawn(teacher))


def test_draws_do_not_depend_on_what_stands_beside_them(teacher):
    assert plain(drawn(teacher, PROMPTS[::-1]))[::-1] == plain(drawn(teacher))
    assert plain(drawn(teacher, PROMPTS[1:2])) == plain(drawn(teacher))[1:2]


def test_log_probabilities_are_sorted_and_at_most_one_in_sum(teacher):
    for answer in (a for group in drawn(teacher) for a in group):
        check_signals(teacher, answer)


def check_signals(teacher: Teacher, answer: Answer) -> None:
    if not teacher.gives & {"top_k", "classes"}:
        assert answer.outlook.support_ids.size == answer.outlook.log_p.size == 0
        return
    steps = len(answer.token_ids)
    assert answer.outlook.log_p.shape == (steps,)
    assert answer.outlook.support_ids.shape == answer.outlook.support_log_p.shape == (steps, 4)
    assert (answer.outlook.support_ids.dtype, answer.outlook.support_log_p.dtype, answer.outlook.log_p.dtype) == (
        np.int32,
        np.float32,
        np.float32,
    )
    assert (answer.outlook.log_p <= 1e-6).all()
    assert (np.exp(answer.outlook.support_log_p.astype(np.float64)).sum(1) <= 1 + 1e-5).all()
    assert (np.diff(answer.outlook.support_log_p, axis=1) <= 0).all()
    assert all(len(set(row)) == 4 for row in answer.outlook.support_ids.tolist())
    for token, log_p, ids, values in zip(
        answer.token_ids, answer.outlook.log_p, answer.outlook.support_ids, answer.outlook.support_log_p, strict=True
    ):
        if token in ids:
            assert values[list(ids).index(token)] == pytest.approx(log_p, abs=1e-5)
        else:
            assert log_p <= values[-1] + 1e-5


def test_token_ids_decode_to_the_text(teacher):
    for answer in (a for group in drawn(teacher) for a in group):
        if answer.token_ids:
            assert decode(teacher, answer.token_ids) == answer.text


def test_the_limit_is_held(teacher):
    for answer in (a for group in drawn(teacher, max_new_tokens=3) for a in group):
        assert len(answer.token_ids) <= 3
        assert answer.finish_reason in {"stop", "length"}


def test_scored_texts(teacher):
    if "score" not in teacher.gives:
        pytest.skip("scores nothing")
    scored = teacher.score([plain_text(text) for text in TEXTS], Keep(size=4))
    for text, answer in zip(TEXTS, scored, strict=True):
        assert answer.text == text
        assert text.endswith(decode(teacher, answer.token_ids))
        check_signals(teacher, answer)
    (alone,) = teacher.score([plain_text(TEXTS[1])], Keep(size=4))
    np.testing.assert_allclose(alone.outlook.log_p, scored[1].outlook.log_p, atol=1e-5)
