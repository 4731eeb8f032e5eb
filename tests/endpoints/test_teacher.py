"""A model behind a server: the same answers and numbers as the model in this process, in every dialect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from potstill.endpoints import batch, retry
from potstill.endpoints.teacher import EndpointTeacher
from potstill.errors import CapabilityError, ModelError, PotstillError, RecipeError
from potstill.models import Answer, Endpoint, Given, Keep, LocalModel, Options, Outlook, Sampling, open_model
from potstill.models.base import Begun, Spending
from potstill.types import Message, Prompt
from tests.endpoints.batch_server import BatchServer
from tests.endpoints.plain_server import PlainServer, Reply
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, world_tokenizer, write_model

PROMPTS = [ask("What is 2+3?"), ask("Sort 3, 1."), ask("Say é.")]
GREEDY = Sampling(temperature=0, max_new_tokens=10)
DIALECTS = ("vllm", "sglang", "llama_cpp", "openai", "anthropic")
SCORERS = ("vllm", "sglang", "llama_cpp")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose every token has a piece."""
    return write_model(tmp_path_factory.mktemp("model"), vocabulary=len(world_tokenizer()))


@pytest.fixture(scope="module")
def local(folder: Path) -> LocalModel:
    model = open_model(f"hf:{folder}")
    assert isinstance(model, LocalModel)
    return model


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder) as running:
        yield running


def teacher(server: Server, dialect: str, folder: Path | None = None, **settings: Any) -> EndpointTeacher:
    """The server's model as a teacher, with its tokenizer where the folder is given."""
    endpoint = Endpoint(dialect, f"hf:{folder}" if folder else None, concurrency=4, **{"timeout": 20.0, **settings})
    model = open_model(server.url, Options(endpoint=endpoint))
    assert isinstance(model, EndpointTeacher)
    return model


def check_same(one: Answer, other: Answer, *, end: bool = True) -> None:
    """Two answers say the same; `end`: whether both show the end token."""
    steps = len(other.token_ids) if end or other.finish_reason != "stop" else len(other.token_ids) - 1
    assert (one.text, one.token_ids, one.finish_reason) == (other.text, other.token_ids[:steps], other.finish_reason)
    seen, expected = one.outlook, other.outlook
    np.testing.assert_allclose(seen.log_p, expected.log_p[:steps], atol=1e-4)
    np.testing.assert_array_equal(seen.support_ids, expected.support_ids[:steps])
    np.testing.assert_allclose(seen.support_log_p, expected.support_log_p[:steps], atol=1e-4)
    np.testing.assert_allclose(seen.tail_mass, expected.tail_mass[:steps], atol=1e-4)
    known = seen.rank > 0
    np.testing.assert_array_equal(seen.rank[known], expected.rank[:steps][known])
    assert one.token_ends == other.token_ends[:steps]


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama_cpp", "openai"])
def test_greedy_answers_are_the_local_models(server, local, folder, dialect):
    served = teacher(server, dialect, folder)
    assert "top_k" in served.gives
    expected = local.draw(PROMPTS, GREEDY, Keep(size=5))
    for (one,), (other,) in zip(served.draw(PROMPTS, GREEDY, Keep(size=5)), expected, strict=True):
        check_same(replace(one, outlook=replace(one.outlook, kind="raw")), other, end=dialect != "openai")
        assert one.usage is not None
        assert one.usage.completion_tokens == len(other.token_ids)
        assert one.request
        assert one.response


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_a_tokenizer_the_text_is_the_same(server, local, dialect):
    if dialect == "sglang":
        pytest.skip("it needs a tokenizer")
    served = teacher(server, dialect)
    for (one,), (other,) in zip(served.draw(PROMPTS, GREEDY), local.draw(PROMPTS, GREEDY), strict=True):
        assert (one.text, one.finish_reason) == (other.text, other.finish_reason)


@pytest.mark.parametrize("dialect", ["vllm", "llama_cpp"])
def test_without_a_tokenizer_there_are_ids_and_outcomes(server, local, dialect):
    served, expected = teacher(server, dialect), local.draw(PROMPTS, GREEDY, Keep(size=5))
    for (one,), (other,) in zip(served.draw(PROMPTS, GREEDY, Keep(size=5)), expected, strict=True):
        assert one.token_ids == other.token_ids
        np.testing.assert_array_equal(one.outlook.support_ids, other.outlook.support_ids)


@pytest.mark.parametrize("dialect", SCORERS)
def test_scores_are_the_local_models(server, local, folder, dialect):
    texts = [Given(PROMPTS[0], "5"), Given(PROMPTS[1], "1, 3", finish_reason="length"), Given(Prompt((), reference="Ann has 3 pens."))]
    served = teacher(server, dialect, folder)
    for one, other in zip(served.score(texts, Keep(size=5)), local.score(texts, Keep(size=5)), strict=True):
        check_same(one, other)
        assert one.outlook.kind == "raw"


@pytest.mark.parametrize("dialect", SCORERS)
@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_what_is_kept_of_a_draw_is_the_models_own_distribution(server, local, folder, dialect, temperature):
    sampling = Sampling(2, temperature, 0.9, 8, seed=5)
    groups = teacher(server, dialect, folder).draw(PROMPTS[:2], sampling, Keep(size=5))
    for prompt, group in zip(PROMPTS, groups, strict=False):
        for answer in group:
            given = Given(prompt, answer.text, answer.token_ids, answer.finish_reason)
            (expected,) = local.score([given], Keep(size=5))
            np.testing.assert_allclose(answer.outlook.log_p, expected.outlook.log_p, atol=1e-4)
            np.testing.assert_allclose(answer.outlook.support_log_p, expected.outlook.support_log_p, atol=1e-4)
            assert answer.outlook.kind == "raw"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_under_faults_the_answers_are_those_of_an_undisturbed_run(server, folder, dialect):
    keep = Keep(size=3) if dialect != "anthropic" else Keep()
    sampling = Sampling(5, 0.8, 1.0, 6, seed=1)
    plain = teacher(server, dialect, folder).draw(PROMPTS, sampling, keep)
    with Server(folder, Behaviour(share=0.2, seed=1, stall=1.5)) as faulty:
        disturbed = teacher(faulty, dialect, folder, timeout=1.0).draw(PROMPTS, sampling, keep)
    assert max(faulty.answered.values()) == 1
    assert faulty.faults
    for group, undisturbed in zip(disturbed, plain, strict=True):
        for one, other in zip(group, undisturbed, strict=True):
            assert (one.text, one.token_ids, one.finish_reason) == (other.text, other.token_ids, other.finish_reason)
            np.testing.assert_array_equal(one.outlook.log_p, other.outlook.log_p)
            np.testing.assert_array_equal(one.outlook.support_ids, other.outlook.support_ids)


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama_cpp", "openai"])
def test_a_server_that_drops_log_probabilities_is_told(folder, dialect, monkeypatch):
    monkeypatch.setattr(retry, "BASE", 0.01)
    with Server(folder, Behaviour(drop_logprobs=True)) as dropping:
        with pytest.raises((ModelError, CapabilityError), match=r"logprobs|completion_probabilities"):
            teacher(dropping, dialect, folder).draw(PROMPTS[:1], GREEDY, Keep(size=3))


def test_draws_differ_and_repeat(server, folder):
    sampling = Sampling(3, 1.5, 1.0, 8, seed=2)
    one, other = (teacher(server, "vllm", folder).draw(PROMPTS[:1], sampling)[0] for _ in range(2))
    assert [a.text for a in one] == [a.text for a in other]
    assert len({a.text for a in one}) == 3
    (later,) = teacher(server, "vllm", folder).draw(PROMPTS[:1], replace(sampling, n=1, first=2))
    assert later[0].text == one[2].text


def test_an_answer_stops_where_the_servers_context_ends(server, local, folder):
    long = ask("a " * 40)
    sampling = Sampling(temperature=0, max_new_tokens=500)
    ((one,),), ((other,),) = (model.draw([long], sampling, Keep(size=2)) for model in (teacher(server, "vllm", folder), local))
    assert one.token_ids == other.token_ids


def test_it_tells_which_texts_it_can_score(server, folder):
    scorer = teacher(server, "vllm", folder)
    for words, fits in ((3, True), (200, False), (0, False)):
        given = Given(Prompt((), reference="one " * words, source=f"{words}"))
        assert scorer.can_score(given) is fits
        if not fits:
            with pytest.raises(ModelError):
                scorer.score([given])


def test_a_prompt_longer_than_the_servers_context_is_refused_before_it_is_sent(server, folder):
    before = len(server.bodies)
    with pytest.raises(ModelError, match="tokens and the server's context holds 128"):
        teacher(server, "vllm", folder).draw([ask("word " * 300)], GREEDY)
    assert len(server.bodies) == before


def test_plain_text_is_continued(server, local, folder):
    text = Prompt((), reference="Ann has")
    ((one,),), ((other,),) = (model.draw([text], GREEDY, Keep(size=2)) for model in (teacher(server, "vllm", folder), local))
    assert one.token_ids == other.token_ids


def test_a_thought_that_the_template_began_is_known_where_prompts_are_sent_as_it_writes_them(server, folder, tmp_path):
    tokenizer = world_tokenizer()
    tokenizer.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    tokenizer.save_pretrained(tmp_path)
    asked = [("vllm", tmp_path), ("vllm", folder), ("openai", tmp_path)]
    begun = [teacher(server, dialect, where).draw(PROMPTS[:1], GREEDY) for dialect, where in asked]
    assert [answer.thinking for ((answer,),) in begun] == [True, False, False]


def test_a_system_turn_and_reasoning_are_kept_apart(folder):
    prompt = Prompt((Message("system", "Be brief."), Message("user", "What is 2+3?")))
    for dialect, field in (("openai", "reasoning"), ("openai", "reasoning_content"), ("vllm", "reasoning"), ("anthropic", "thinking")):
        with Server(folder, Behaviour(reasoning=field)) as thinking:
            ((answer,),) = teacher(thinking, dialect).draw([prompt], GREEDY)
        assert answer.text.startswith("<think>because</think>")
        assert answer.reasoning_field == field


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_a_refused_answer_is_an_answer(folder, dialect):
    with Server(folder, Behaviour(refuses="Sort")) as refusing:
        groups = teacher(refusing, dialect).draw(PROMPTS[:2], GREEDY)
    assert [group[0].finish_reason for group in groups][1] == "content_filter"
    assert groups[0][0].finish_reason != "content_filter"


def test_what_cannot_be_is_told_before_anything_is_sent(server, folder, monkeypatch):
    before = len(server.bodies)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    faults: list[tuple[type[PotstillError], str, Any]] = [
        (ModelError, "names no model", lambda: open_model(server.root + "/v1")),
        (ModelError, "holds a query", lambda: open_model(server.root + "/v1?api-version=1#m")),
        (ModelError, "names no host", lambda: open_model("http:#m")),
        (RecipeError, "did you mean 'vllm'", lambda: teacher(server, "vlm")),
        (ModelError, "needs a tokenizer", lambda: teacher(server, "sglang")),
        (CapabilityError, "needs top_k", lambda: teacher(server, "openai").draw(PROMPTS, GREEDY, Keep(size=3))),
        (CapabilityError, "set top_k = 20", lambda: teacher(server, "openai", folder).draw(PROMPTS, GREEDY, Keep(size=21))),
        (PotstillError, "sampled", lambda: teacher(server, "vllm", folder).draw(PROMPTS, GREEDY, Keep("sampled", 4))),
        (CapabilityError, "cannot score", lambda: teacher(server, "vllm").score([Given(PROMPTS[0], "5")])),
        (CapabilityError, "plain text", lambda: teacher(server, "openai").draw([Prompt((), reference="a")], GREEDY)),
        (RecipeError, "set by potstill", lambda: teacher(server, "openai", parameters={"seed": 1}).draw(PROMPTS, GREEDY)),
        (ModelError, "NO_SUCH_KEY", lambda: teacher(server, "openai", api_key_env="NO_SUCH_KEY").draw(PROMPTS, GREEDY)),
    ]
    for kind, message, make in faults:
        with pytest.raises(kind, match=message):
            make()
    assert len(server.bodies) == before


def test_what_the_server_refuses_is_told(folder, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "wrong-key-value")
    with Server(folder, Behaviour(key="right-key-value", max_logprobs=4)) as strict:
        with pytest.raises(ModelError, match="key"):
            teacher(strict, "openai", api_key_env="TEST_KEY").draw(PROMPTS[:1], GREEDY)
        monkeypatch.setenv("TEST_KEY", "right-key-value")
        known = teacher(strict, "vllm", folder, api_key_env="TEST_KEY")
        assert known.draw(PROMPTS[:1], GREEDY, Keep(size=4))
        with pytest.raises(PotstillError, match="greater than max allowed"):
            known.draw(PROMPTS[:1], GREEDY, Keep(size=5))
        other = open_model(f"{strict.root}/v1#other", Options(endpoint=known.endpoint))
        with pytest.raises(ModelError, match="other"):
            other.draw(PROMPTS[:1], GREEDY)


def test_identity_tells_servers_dialects_and_parameters_apart(server, folder):
    ways = [teacher(server, "vllm"), teacher(server, "vllm", folder), teacher(server, "openai", parameters={"reasoning_effort": "none"})]
    assert len({str(sorted(way.identity().items())) for way in ways}) == 3
    assert not [way.identity() for way in ways if any("key" in name for name in way.identity())]


def test_an_answer_is_found_again_while_the_server_does_not_tell_its_context(server, folder, tmp_path, monkeypatch):
    spending = Spending(tmp_path / "ledger.sqlite")
    sampling = Sampling(temperature=0, max_new_tokens=100_000)
    first = teacher(server, "vllm", folder, spending=spending)
    first.dialect.context = lambda model, ask: 40
    answers = first.draw(PROMPTS[:1], sampling)
    sent = len(server.bodies)

    def silent(model: str, ask: Any) -> int | None:
        raise ModelError("no answer")

    second = teacher(server, "vllm", folder, spending=spending)
    monkeypatch.setattr(second.dialect, "context", silent)
    assert second.draw(PROMPTS[:1], sampling)[0][0].request == answers[0][0].request
    assert len(server.bodies) == sent
    unknown = teacher(server, "vllm", folder)
    monkeypatch.setattr(unknown.dialect, "context", silent)
    with pytest.raises(ModelError, match="no answer"):
        unknown.draw(PROMPTS[:1], sampling)


def test_a_server_with_a_longer_context_is_asked_again_until_an_answer_is_paid(server, folder, tmp_path):
    spending, long = Spending(tmp_path / "ledger.sqlite"), ask("word " * 20)

    def started_with(context: int) -> EndpointTeacher:
        one = teacher(server, "vllm", folder, spending=spending)
        one.dialect.context = lambda model, ask: context
        return one

    with pytest.raises(ModelError, match=r"context holds 24; shorten or drop .* or start the server with a longer context"):
        started_with(24).draw([long], GREEDY)
    assert started_with(128).context == 128
    answers = started_with(30).draw(PROMPTS[:1], replace(GREEDY, max_new_tokens=100))
    sent = len(server.bodies)
    again = started_with(128)
    assert again.draw(PROMPTS[:1], replace(GREEDY, max_new_tokens=100))[0][0].request == answers[0][0].request
    assert len(server.bodies) == sent
    with pytest.raises(ModelError, match=r"context holds 30; that is what the server said before .* choose another run folder \(--out\)"):
        again.draw([long], GREEDY)


LLAMA = {
    "prompt": "x",
    "tokens": [1, 2],
    "default_generation_settings": {"n_ctx": 64},
    "content": "hi",
    "stop_type": "limit",
    "completion_probabilities": [{"id": one, "logprob": -1.0, "top_logprobs": [{"id": one, "logprob": -1.0}]} for one in (1, 2)],
}
"""What answers every question to llama.cpp's server."""


@pytest.mark.parametrize("address", ["/llama/v1", "/llama", "/v1", ""])
def test_all_questions_go_below_the_servers_address(address):
    below = address.removesuffix("/v1")
    with PlainServer(lambda *_: Reply(body=LLAMA)) as plain:
        model = open_model(f"{plain.base.removesuffix('/v1')}{address}#m", Options(endpoint=Endpoint("llama_cpp", timeout=5.0)))
        assert model.draw(PROMPTS[:1], GREEDY, Keep(size=1))[0][0].token_ids == (1, 2)
        assert model.context == 64
    assert plain.paths == [below + path for path in ("/apply-template", "/tokenize", "/props", "/completion")]


@pytest.mark.parametrize("address", ["/v1", ""])
def test_batches_go_where_single_requests_go(address, monkeypatch):
    monkeypatch.setattr(batch, "POLL", 0.01)
    told = {"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}}
    with BatchServer(lambda body: (200, told)) as server:
        endpoint = Endpoint("anthropic", batch=True, timeout=5.0)
        model = open_model(f"{server.base.removesuffix('/v1')}{address}#m", Options(endpoint=endpoint))
        assert model.draw(PROMPTS[:1], Sampling(max_new_tokens=4))[0][0].text == "hi"


@pytest.mark.parametrize("dialect", SCORERS)
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_it_goes_on_from_a_beginning_as_the_local_model_does(server, local, folder, dialect, temperature):
    sampling, keep = Sampling(temperature=temperature, max_new_tokens=10, seed=3), Keep(size=3)
    asked = teacher(server, dialect, folder)
    assert asked.can_go_on
    drawn = [group[0] for group in local.draw(PROMPTS, GREEDY, keep)]
    steps = [min(k, len(one.token_ids) - 1) for one, k in zip(drawn, (0, 2, 4), strict=True)]
    begun = [Begun(p, one.token_ids[:k], one.outlook.first(k), 5) for p, one, k in zip(PROMPTS, drawn, steps, strict=True)]
    answers = asked.go_on(begun, sampling, keep)
    for one, answer, k in zip(begun, answers, steps, strict=True):
        assert answer.token_ids[:k] == one.token_ids
        assert len(answer.token_ids) <= 10
        assert answer.usage is not None
        (read,) = local.score([Given(one.prompt, answer.text, answer.token_ids, answer.finish_reason)], keep)
        np.testing.assert_allclose(answer.outlook.log_p, read.outlook.log_p[: len(answer.outlook)], atol=1e-3)
    if temperature == 0:
        for one, other in zip(answers, drawn, strict=True):
            check_same(one, other)


def test_a_server_that_takes_no_ids_cannot_go_on(server, folder):
    begun = [Begun(PROMPTS[0], (5,), Outlook(), 1)]
    for one in (teacher(server, "openai", folder), teacher(server, "anthropic"), teacher(server, "vllm")):
        assert not one.can_go_on
        with pytest.raises(CapabilityError, match="cannot go on from a beginning in the dialect"):
            one.go_on(begun, GREEDY)
