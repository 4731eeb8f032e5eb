"""What a teacher reads: BOS and roles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from transformers import PreTrainedTokenizerBase

from potstill.doctor import reading
from potstill.doctor.patient import QUESTION, TEXT
from potstill.models.fake import FakeTeacher
from potstill.text.chat import render
from potstill.types import Message, Prompt, Usage
from tests.doctor.teachers import patient
from tests.models.small import world_tokenizer

STRICT = "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m['content'] }}{% endfor %}"


def with_bos(times: int) -> PreTrainedTokenizerBase:
    """The world's tokenizer with `<pad>` as BOS, so many times at the head of a conversation."""
    tokenizer = world_tokenizer()
    tokenizer.bos_token = "<pad>"
    tokenizer.chat_template = "{{ bos_token }}" * times + str(tokenizer.chat_template)
    return tokenizer


@pytest.mark.parametrize(("times", "outcome"), [(0, "ok"), (1, "ok"), (2, "refused")])
def test_bos_is_counted(times: int, outcome: str) -> None:
    result = reading.bos.of(patient(tokenizer=with_bos(times)))
    assert result.outcome == outcome
    assert result.seen == f"chat begins with {times}, text begins with 0"
    assert result.signal


def read_by_a_server(tokens: int | None, tokenizer: PreTrainedTokenizerBase | None = None):
    """A server that says it read so many tokens of the prompt."""
    teacher = FakeTeacher("yes")
    draw = teacher.draw
    teacher.draw = lambda *given: [[replace(answer, usage=Usage(tokens, 4)) for answer in group] for group in draw(*given)]  # type: ignore
    return patient(teacher, tokenizer=tokenizer or world_tokenizer())


def test_a_servers_count_shows_a_second_bos() -> None:
    ours = len(render(world_tokenizer(), QUESTION, None).input_ids)
    assert reading.bos.of(read_by_a_server(ours)).outcome == "ok"
    doubled = reading.bos.of(read_by_a_server(ours + 1))
    assert doubled.outcome == "refused"
    assert doubled.seen.startswith(f"the server read {ours + 1} tokens and the template writes {ours}")
    assert reading.bos.of(read_by_a_server(ours + 9)).outcome == "warning"
    assert reading.bos.of(read_by_a_server(None)).outcome == "unknown"
    assert reading.bos.of(patient(tokenizer=None)).outcome == "unknown"


def test_roles() -> None:
    assert reading.roles.of(patient()).seen == "the template takes user, system and assistant turns"
    assert reading.roles.of(patient(tokenizer=None)).outcome == "unknown"
    strict = world_tokenizer()
    strict.chat_template = STRICT
    assert reading.told_of_roles(strict, [QUESTION]).seen == "the template refuses system, which no prompt uses"
    asked = Prompt((Message("system", "a"), Message("user", "b")))
    assert reading.told_of_roles(strict, [asked]).outcome == "refused"


def test_a_tokenizer_without_a_template() -> None:
    plain = world_tokenizer()
    plain.chat_template = None
    assert reading.told_of_roles(plain, [TEXT]).outcome == "ok"
    assert reading.told_of_roles(plain, [QUESTION]).outcome == "warning"
    assert reading.heads_with(plain, QUESTION) is None
