"""Probes of the answers, on a sound model and on spoilt ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from potstill.doctor import answering
from potstill.errors import ModelError, RecipeError
from potstill.models import Answer, Sampling
from potstill.models.fake import FakeTeacher
from potstill.text.chat import encode
from potstill.types import Usage
from tests.doctor.teachers import Spoilt, patient, silent
from tests.models.small import ask
from tests.text.pieces import of_bytes


@pytest.mark.parametrize("probe", [p for p in answering.PROBES if p.name != "end token"], ids=lambda probe: probe.name)
def test_a_sound_model_passes(probe) -> None:
    assert probe.of(patient(max_new_tokens=64)).outcome == "ok"


def test_no_answer_is_refused() -> None:
    result = answering.answers.of(patient(FakeTeacher({}), prompts=(ask("a?"),)))
    assert result.outcome == "refused"
    assert "no answer to 'a?" in result.seen


def test_an_empty_answer_is_a_warning() -> None:
    assert answering.answers.of(patient(FakeTeacher(""))).outcome == "warning"


def test_ids_that_were_promised_and_did_not_come() -> None:
    lost = Spoilt(drawn=lambda answer, _: replace(answer, token_ids=()))
    assert answering.token_ids.of(patient(lost)).outcome == "refused"
    box = FakeTeacher("yes", gives=frozenset({"text"}))
    assert answering.token_ids.of(patient(box)).seen.startswith("text only")
    assert answering.ids_are_text.of(patient(lost)).outcome == "unknown"


def test_reasoning_apart_is_why_no_ids_came() -> None:
    apart = Spoilt(drawn=lambda answer, _: Answer("<think>so</think>5", reasoning_field="reasoning_content"))
    result = answering.token_ids.of(patient(apart))
    assert result.outcome == "refused"
    assert "its reasoning stands in a field of its own (reasoning_content)" in result.seen
    assert "cross_entropy" in result.advice
    unnamed = Spoilt(drawn=lambda answer, _: replace(answer, token_ids=()))
    assert answering.token_ids.of(patient(unnamed)).advice == "name the tokenizer that this model was trained with"
    assert answering.token_ids.of(patient(Spoilt(drawn=lambda answer, _: Answer(answer.text)))).seen == "no token ids came with the answer"


def test_ids_of_another_tokenizer() -> None:
    moved = Spoilt(drawn=lambda answer, _: replace(answer, token_ids=tuple(i + 1 for i in answer.token_ids[:-1])))
    assert answering.ids_are_text.of(patient(moved)).outcome == "refused"
    assert answering.ids_are_text.of(patient(moved, tokenizer=None)).outcome == "unknown"
    assert answering.ids_are_text.of(patient(FakeTeacher("héllo"), tokenizer=None)).outcome == "ok"


@pytest.mark.parametrize("text", ["<think>hm</think>four", "hmfour"])
def test_ids_of_a_thought_between_special_tokens_are_its_text_with_the_marks_and_without(text) -> None:
    tokenizer = of_bytes(["[THINK]", "[/THINK]"])
    thinker = Spoilt(drawn=lambda answer, _: Answer(text, tuple(encode(tokenizer, "[THINK]hm[/THINK]four"))))
    assert answering.ids_are_text.of(patient(thinker, tokenizer=tokenizer)).outcome == "ok"


def test_a_length_limit_that_is_ignored() -> None:
    longer = Spoilt(heard=lambda sampling, _: replace(sampling, max_new_tokens=40))
    result = answering.length_limit.of(patient(longer))
    assert result.outcome == "warning"
    assert result.seen == "asked for 12 tokens at most, 40 came"


def test_the_length_is_the_servers_count_where_no_ids_come() -> None:
    box = Spoilt(drawn=lambda answer, _: Answer(answer.text, usage=Usage(3, 90)), gives=frozenset({"text"}))
    assert answering.length_limit.of(patient(box)).outcome == "warning"
    mute = Spoilt(drawn=lambda answer, _: Answer(answer.text), gives=frozenset({"text"}))
    assert answering.length_limit.of(patient(mute)).outcome == "unknown"


def test_a_temperature_that_is_ignored_is_not_greedy() -> None:
    warm = Spoilt(heard=lambda sampling, before: replace(sampling, temperature=1.0, seed=before))
    assert answering.greedy.of(patient(warm)).outcome == "warning"
    assert answering.greedy.of(patient(Spoilt(drawn=silent))).outcome == "unknown"


def test_a_seed_that_is_ignored() -> None:
    fixed = Spoilt(heard=lambda sampling, _: replace(sampling, seed=0))
    result = answering.seed.of(patient(fixed))
    assert result.outcome == "warning"
    assert "other seeds drew the same, of probability" in result.seen
    random = Spoilt(heard=lambda sampling, before: replace(sampling, seed=before))
    assert answering.seed.of(patient(random)).seen == "the same seed drew two different answers"


def test_the_same_answer_by_chance_is_unknown() -> None:
    fixed = Spoilt(heard=lambda sampling, _: replace(sampling, seed=0), drawn=silent)
    assert answering.seed.of(patient(fixed)).outcome == "unknown"
    assert answering.seed.of(patient(FakeTeacher(""))).outcome == "unknown"


def test_the_end_token() -> None:
    def stopped(last: int):
        return Spoilt(drawn=lambda answer, _: replace(answer, token_ids=(*answer.token_ids[:3], last), finish_reason="stop"))

    assert answering.end_token.of(patient(stopped(4))).seen == "answers end with '<end>' (id 4)"
    assert answering.end_token.of(patient(stopped(100))).outcome == "warning"
    endless = Spoilt(drawn=lambda answer, _: replace(answer, finish_reason="length"))
    assert answering.end_token.of(patient(endless)).outcome == "unknown"
    assert answering.end_token.of(patient(stopped(4), tokenizer=None)).outcome == "unknown"


def test_a_context_that_is_too_short() -> None:
    result = answering.context.of(patient(max_new_tokens=1000))
    assert result.outcome == "warning"
    assert result.seen.startswith("128 tokens; a prompt of ")
    assert result.advice.startswith("set generate.max_new_tokens to 1")
    assert answering.context.of(patient(FakeTeacher("x"))).outcome == "unknown"
    told = Spoilt(drawn=lambda answer, _: replace(answer, usage=Usage(40, 5)))
    told.context = 128  # type: ignore[attr-defined]
    assert answering.context.of(patient(told, tokenizer=None, max_new_tokens=100)).seen.startswith("128 tokens; a prompt of 40 and")
    assert answering.context.of(patient(told, tokenizer=None, prompts=(ask("a?"), ask("another?")))).outcome == "unknown"


def test_a_teacher_that_refuses_temperature_0_is_refused_where_it_is_measured() -> None:
    def only_one(sampling: Sampling, _: int) -> Sampling:
        if sampling.temperature != 1:
            raise ModelError("only the default of 1 is supported", where="the server")
        return sampling

    result = answering.greedy.of(patient(Spoilt(heard=only_one), evaluated=True))
    assert result.outcome == "refused"
    assert "only the default of 1" in result.seen
    assert answering.greedy.of(patient(Spoilt(heard=only_one))).outcome == "unknown"


def test_a_fault_of_the_recipe_is_no_finding() -> None:
    def faulty(sampling: Sampling, _: int) -> Sampling:
        raise RecipeError("'temperature' is set by potstill itself", where="teachers.parameters")

    with pytest.raises(RecipeError):
        answering.answers.of(patient(Spoilt(heard=faulty)))
