"""Questions are really asked, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from potstill.doctor.patient import OUTCOMES, QUESTION, TEXT, TOKENS, Patient
from potstill.endpoints import retry
from potstill.errors import ModelError
from potstill.models import Endpoint, Options, Sampling, open_model
from potstill.models.base import PROBING
from potstill.models.fake import FakeTeacher
from potstill.types import Prompt, Usage
from tests.doctor.teachers import Spoilt, patient, small
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, world_tokenizer, write_model


def test_every_question_is_counted() -> None:
    probed = patient()
    assert 2 * len(probed.answer.token_ids) == probed.tokens
    probed.answer  # noqa: B018 - it is remembered
    assert probed.requests == 2, "once for the text, and once with log-probabilities"
    probed.draw(tokens=3)
    assert (probed.requests, probed.tokens) == (3, 2 * len(probed.answer.token_ids) + 3)


def test_tokens_are_the_servers_count_where_no_ids_come() -> None:
    def without_ids(answer, sampling):
        return type(answer)(answer.text, usage=Usage(7, 5))

    probed = patient(Spoilt(drawn=without_ids, gives=frozenset({"text"})))
    assert probed.answer.token_ids == ()
    assert probed.tokens == 5


def test_the_first_prompt_that_is_answered_is_used() -> None:
    def only_text(prompt: Prompt, sample: int) -> str:
        if prompt.messages:
            raise ModelError("no chat template", where="x", fix="give it one")
        return "once"

    assert patient(FakeTeacher(only_text), prompts=(ask("a?"),), tokenizer=None).prompt == TEXT
    assert patient(FakeTeacher("yes"), prompts=(ask("a?"),)).prompt == ask("a?")
    assert patient(FakeTeacher("yes")).prompt == QUESTION
    assert patient(FakeTeacher("yes")).asked == (QUESTION,)


def test_a_teacher_that_answers_nothing_says_what_it_said_first() -> None:
    with pytest.raises(ModelError, match="no answer to 'a"):
        patient(FakeTeacher({}), prompts=(ask("a?"),)).answer  # noqa: B018
    empty = Spoilt()
    empty.draw = lambda *_: [[]]  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="no answer came"):
        patient(empty).answer  # noqa: B018


def test_what_it_can_tells_which_probes_apply() -> None:
    assert {"sampling", "network", "top_k", "score"} <= patient().can
    assert patient(FakeTeacher("x"), samples=False).can == {"text", "top_k", "score"}


def test_a_server_is_opened_anew_for_every_question() -> None:
    opened = []

    def open_it() -> FakeTeacher:
        opened.append(1)
        return FakeTeacher("x")

    probed = Patient("x", open_it)
    before = len(opened)
    probed.draw()
    assert len(opened) - before >= 2


def test_answers_come_short_and_with_outcomes() -> None:
    probed = patient(top_k=5)
    assert len(probed.answer.token_ids) <= TOKENS
    assert probed.answer.outlook.support_ids.shape[1] == 5
    assert patient(top_k=500).answer.outlook.support_ids.shape[1] == OUTCOMES
    assert patient(top_k=0).answer.outlook.support_ids.shape[1] == 2
    assert patient().greedy.token_ids == small().draw([QUESTION], Sampling(temperature=0.0, max_new_tokens=64))[0][0].token_ids


def test_log_probabilities_that_it_refuses_are_not_asked_for_again() -> None:
    probed = patient(Spoilt(most=4))
    assert probed.answer.text == small().draw([QUESTION], Sampling(max_new_tokens=TOKENS))[0][0].text
    assert str(probed.silence) == "spoilt: at most 4 log-probabilities; ask for fewer"
    assert "top_k" not in probed.can
    assert probed.draw().outlook.support_ids.size == 0
    assert patient().silence is None
    assert patient(FakeTeacher("x", gives=frozenset({"text"}))).silence is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), vocabulary=len(world_tokenizer()))


def served(server: Server, folder: Path) -> Patient:
    endpoint = Endpoint("vllm", f"hf:{folder}", timeout=10.0, price={"input": 1.0, "output": 1.0}, spending=PROBING)
    return Patient("x", lambda: open_model(server.url, Options(endpoint=endpoint)), world_tokenizer())


def test_a_servers_bill_counts_every_attempt(folder: Path) -> None:
    with Server(folder) as server:
        probed = served(server, folder)
        usage = probed.answer.usage
        assert usage is not None
        assert probed.requests == len(server.bodies) == 2
        assert probed.tokens == probed.microusd == 2 * ((usage.prompt_tokens or 0) + (usage.completion_tokens or 0))


def test_what_was_paid_for_nothing_is_on_the_bill(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE", 0.01)
    with Server(folder, Behaviour(share=1.0, faults=("missing",))) as server:
        probed = served(server, folder)
        with pytest.raises(ModelError, match="3 responses were whole") as caught:
            probed.answer  # noqa: B018
        assert probed.requests == len(server.bodies) > 0
        assert probed.tokens == probed.microusd
        assert probed.tokens > TOKENS * probed.requests
    assert "ledger" not in str(caught.value)


def test_a_question_that_is_not_answered_is_counted() -> None:
    probed = patient(FakeTeacher({}), prompts=(ask("a?"),))
    with pytest.raises(ModelError):
        probed.answer  # noqa: B018
    assert probed.requests == 2
