"""Probes of the log-probabilities, on a sound model and on spoilt ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from potstill.doctor import signals
from potstill.doctor.answering import answers
from potstill.endpoints import retry
from potstill.errors import CapabilityError
from potstill.models import Answer, Endpoint, Options, open_model
from potstill.models.fake import FakeTeacher
from tests.doctor.teachers import Spoilt, outlook, patient, scaled, shifted, silent, small
from tests.endpoints.server import Behaviour, Server
from tests.models.small import world_tokenizer, write_model

UNSCORED = small().gives - {"score"}


@pytest.mark.parametrize("probe", signals.PROBES, ids=lambda probe: probe.name)
def test_a_sound_model_passes(probe) -> None:
    result = probe.of(patient())
    assert result.outcome == "ok"
    assert result.signal


@pytest.mark.parametrize("probe", [p for p in signals.PROBES if "sampling" not in p.needs], ids=lambda probe: probe.name)
def test_a_fake_passes(probe) -> None:
    assert probe.of(patient(FakeTeacher("seven"))).outcome == "ok"


def test_log_probabilities_that_are_dropped() -> None:
    dropped = signals.log_probabilities.of(patient(Spoilt(drawn=silent)))
    assert (dropped.outcome, dropped.seen) == ("refused", "they were asked for and did not come")
    unwilling = signals.log_probabilities.of(patient(Spoilt(most=4)))
    assert unwilling.seen == "asked for them it does not answer: at most 4 log-probabilities"
    assert (unwilling.outcome, unwilling.advice) == ("refused", "ask for fewer")
    short = Spoilt(drawn=lambda answer, _: replace(answer, token_ids=(*answer.token_ids, 5)))
    assert signals.log_probabilities.of(patient(short)).outcome == "refused"
    box = signals.log_probabilities.of(patient(FakeTeacher("x", gives=frozenset({"text"}))))
    assert (box.outcome, box.seen) == ("refused", "none: it gives text only")


@pytest.mark.parametrize("probe", signals.PROBES[2:], ids=lambda probe: probe.name)
def test_without_log_probabilities_no_probe_says_ok(probe) -> None:
    result = probe.of(patient(Spoilt(drawn=silent, gives=UNSCORED)))
    assert result.outcome in ("unknown", "warning")


def test_prompt_scoring() -> None:
    def unable(answer: Answer, before: int) -> Answer:
        raise CapabilityError("no prompt_logprobs", where="x", fix="restart it")

    assert signals.prompt_scoring.of(patient(Spoilt(gives=UNSCORED))).seen.startswith("not given")
    assert signals.prompt_scoring.of(patient(Spoilt(scored=unable))).seen == "it cannot: no prompt_logprobs"
    assert signals.prompt_scoring.of(patient(Spoilt(scored=silent))).outcome == "refused"


def test_scaled_log_probabilities_are_refused_unless_the_temperature_is_one() -> None:
    hot = signals.raw_or_scaled.of(patient(Spoilt(drawn=scaled), temperature=0.7))
    assert hot.outcome == "refused"
    assert "slope 0.500 at 2; the recipe draws at 0.7" in hot.seen
    assert signals.raw_or_scaled.of(patient(Spoilt(drawn=scaled), temperature=1.0)).outcome == "warning"
    assert signals.raw_or_scaled.of(patient(temperature=0.7)).seen.endswith("(slope 1.000)")


def test_neither_raw_nor_scaled_is_unknown() -> None:
    odd = Spoilt(drawn=lambda answer, sampling: scaled(answer, replace(sampling, temperature=max(sampling.temperature**2, 1e-3))))
    assert signals.raw_or_scaled.of(patient(odd)).outcome == "unknown"
    flat = Spoilt(drawn=lambda answer, _: outlook(answer, support_log_p=np.full_like(answer.outlook.support_log_p, -3.0)))
    assert signals.raw_or_scaled.of(patient(flat)).outcome == "unknown"


def test_what_is_drawn_and_what_is_scored() -> None:
    other = Spoilt(scored=lambda answer, _: shifted(answer, -1.0))
    result = signals.drawn_and_scored.of(patient(other))
    assert result.outcome == "refused"
    assert result.seen.startswith("largest difference 1 nats")
    anew = Spoilt(scored=lambda answer, _: replace(answer, token_ids=answer.token_ids[1:]))
    assert signals.drawn_and_scored.of(patient(anew)).outcome == "unknown"


@pytest.mark.parametrize(("nats", "outcome"), [(0.001, "ok"), (0.1, "warning"), (1.0, "refused")])
def test_scorings_that_differ_at_once(nats: float, outcome: str) -> None:
    restless = Spoilt(scored=lambda answer, before: shifted(answer, nats * (before % 2)))
    assert signals.repeatable.of(patient(restless)).outcome == outcome


def test_a_stale_cache_shows_after_another_request() -> None:
    stale = Spoilt(scored=lambda answer, before: shifted(answer, 2.0 * (before >= 3)))
    result = signals.repeatable.of(patient(stale))
    assert result.outcome == "refused"
    assert result.seen == "largest difference 0 nats at once, 2 after another request"
    assert "--no-enable-prefix-caching" in result.advice


def test_draws_tell_it_where_nothing_is_scored() -> None:
    calls = iter(range(100))

    def drift(answer: Answer, sampling: Any) -> Answer:
        return shifted(answer, float(next(calls)))

    assert signals.repeatable.of(patient(Spoilt(gives=UNSCORED))).outcome == "ok"
    assert signals.repeatable.of(patient(Spoilt(drawn=drift, gives=UNSCORED))).outcome == "refused"


def test_a_cap_on_k() -> None:
    refusing = signals.cap_on_k.of(patient(Spoilt(most=30), top_k=64))
    assert (refusing.outcome, refusing.seen) == ("refused", "64 outcomes cannot be had: at most 30 log-probabilities")
    assert refusing.advice.startswith("set teachers.top_k to 20")
    enough = signals.cap_on_k.of(patient(Spoilt(most=15), top_k=10))
    assert enough.outcome == "ok"

    def five(answer: Answer, _: Any) -> Answer:
        return outlook(answer, support_ids=answer.outlook.support_ids[:, :5], support_log_p=answer.outlook.support_log_p[:, :5])

    silently = signals.cap_on_k.of(patient(Spoilt(drawn=five), top_k=20))
    assert (silently.outcome, silently.seen) == ("warning", "1 of 1, 5 of 20: fewer than the recipe asks for")


def test_colliding_keys_leave_rows_short() -> None:
    def collide(answer: Answer, _: Any) -> Answer:
        ids, log_p = answer.outlook.support_ids.copy(), answer.outlook.support_log_p.copy()
        ids[1:2, -1:], log_p[1:2, -1:] = -1, -np.inf
        return outlook(answer, support_ids=ids, support_log_p=log_p)

    result = signals.whole_rows.of(patient(Spoilt(drawn=collide)))
    assert result.outcome == "warning"
    assert result.seen == "1 of 12 positions have fewer than 20 outcomes"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda seen: {"support_log_p": seen.support_log_p + np.float32(3.0)}, "they sum to"),
        (lambda seen: {"support_log_p": seen.support_log_p[:, ::-1]}, "they are not sorted"),
        (lambda seen: {"support_ids": np.zeros_like(seen.support_ids)}, "an outcome stands twice"),
        (lambda seen: {"tail_mass": seen.tail_mass + np.float32(0.1)}, "with their tail they sum to 1.1"),
        (lambda seen: {"log_p": seen.log_p * np.float32(np.nan)}, "some are not numbers"),
    ],
)
def test_numbers_that_are_no_probabilities(fault: Callable[[Any], dict[str, Any]], told: str) -> None:
    result = signals.probabilities.of(patient(Spoilt(drawn=lambda answer, _: outlook(answer, **fault(answer.outlook)))))
    assert result.outcome == "refused"
    assert told in result.seen


def test_a_floor() -> None:
    def floored(answer: Answer, _: Any) -> Answer:
        log_p = answer.outlook.support_log_p.copy()
        log_p[:1, -1:] = -9999.0
        return outlook(answer, support_log_p=log_p)

    result = signals.floor.of(patient(Spoilt(drawn=floored)))
    assert (result.outcome, result.seen) == ("warning", "1 of 252 values are at the floor (-9999)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), vocabulary=len(world_tokenizer()))


@pytest.mark.parametrize(
    ("dialect", "behaviour", "seen", "advice"),
    [
        ("vllm", Behaviour(drop_logprobs=True), "the response has no 'logprobs'", "start it so that it returns log-probabilities"),
        ("vllm", Behaviour(no_ids=True), "the response has no 'token_ids'", "start it so that it returns log-probabilities and token ids"),
        ("vllm", Behaviour(collide=True), "colliding names", "two of them under one name"),
        ("sglang", Behaviour(drop_logprobs=True), "no 'output_token_logprobs'", "start it so that it returns log-probabilities"),
        ("llama_cpp", Behaviour(drop_logprobs=True), "no 'completion_probabilities'", "start it so that it returns log-probabilities"),
        ("openai", Behaviour(drop_logprobs=True), "the response has no 'logprobs'", "start it so that it returns log-probabilities"),
        ("openai", Behaviour(reasoning="reasoning_content"), "in a field of its own (reasoning_content)", "switch the reasoning off"),
    ],
)
def test_what_a_server_does_wrong_chooses_the_advice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, dialect: str, behaviour: Behaviour, seen: str, advice: str
) -> None:
    monkeypatch.setattr(retry, "BASE", 0.01)
    with Server(folder, behaviour) as server:
        result = signals.log_probabilities.of(patient(open_model(server.url, Options(endpoint=Endpoint(dialect, f"hf:{folder}")))))
    assert result.outcome == "refused"
    assert seen in result.seen
    assert advice in result.advice


def test_a_server_that_tells_no_log_probabilities_answers_in_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE", 0.01)
    with Server(folder, Behaviour(drop_logprobs=True, no_ids=True)) as server:
        found = patient(open_model(server.url, Options(endpoint=Endpoint("vllm", f"hf:{folder}"))))
        assert answers.of(found).outcome == "ok"
        assert [body["logprobs"] for _, body in server.bodies] == [0, 20, 20, 20]


def test_outcomes_that_cannot_be_told_are_a_warning(folder: Path) -> None:
    with Server(folder, Behaviour(sampled_first=True)) as server:
        result = signals.whole_rows.of(patient(open_model(server.url, Options(endpoint=Endpoint("openai", f"hf:{folder}")))))
    assert result.outcome == "warning"
    assert "positions have fewer than 20 outcomes" in result.seen
