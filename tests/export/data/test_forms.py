from typing import Any

import pytest

from potstill.errors import InputError
from potstill.export.data.forms import FORMATS, check_form, rows, schema
from potstill.models import LocalModel, Sampling
from potstill.text.chat import encode
from potstill.types import Message, Prompt
from tests.models.small import small_network
from tests.text.pieces import of_words

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1 + 1?"}]
SAID = {"role": "assistant", "content": "2"}


def record(messages: list[dict[str, str]], reference: str | None = None) -> dict[str, Any]:
    prompt = Prompt(tuple(Message(**message) for message in messages), "math", reference=reference, source="a.jsonl:1", licence="MIT")
    completion = {"id": "t", "text": "2", "teacher": "hf:one", "sample": 0, "finish_reason": "stop", "decision": {"part": "keep"}}
    about = {name: getattr(prompt, name) for name in ("id", "domain", "skill", "source", "licence", "reference")}
    return {**about, "messages": messages, "completions": [completion]}


def test_a_conversation_is_split_before_the_answer() -> None:
    row = next(rows("prompt-completion", [record(ASKED)], conversation=True, scored=False))
    assert (row["prompt"], row["completion"]) == (ASKED, [SAID])
    assert (row["trace_id"], row["part"], row["teacher"], row["licence"]) == ("t", "keep", "hf:one", "MIT")


def test_messages_end_with_the_answer() -> None:
    assert next(rows("messages", [record(ASKED)], conversation=True, scored=False))["messages"] == [*ASKED, SAID]


def test_plain_texts_are_plain() -> None:
    plain = [record([], "1 + 1 = ")]
    row = next(rows("prompt-completion", plain, conversation=False, scored=False))
    assert (row["prompt"], row["completion"]) == ("1 + 1 = ", "2")
    assert next(rows("text", plain, conversation=False, scored=False))["text"] == "1 + 1 = 2"
    assert next(rows("text", plain, conversation=False, scored=True))["text"] == "2"


def test_a_plain_text_and_what_continues_it_are_one_text() -> None:
    tokenizer = of_words()
    teacher = LocalModel.of(small_network(vocabulary=len(tokenizer), bos_token_id=1, eos_token_id=2), tokenizer, "small")
    plain = record([], "They found the toy")
    prompt = Prompt((), reference=plain["reference"])
    answers = teacher.draw([prompt], Sampling(n=64, max_new_tokens=6, seed=1))[0]
    assert any(tokenizer.convert_ids_to_tokens(one.token_ids[0]).startswith("▁") for one in answers)
    for answer in answers:
        plain["completions"][0]["text"] = answer.text
        row = next(rows("text", [plain], conversation=False, scored=False))
        whole = tokenizer.decode([*encode(tokenizer, plain["reference"]), *answer.token_ids], skip_special_tokens=True)
        assert row["text"] == whole
        parts = next(rows("prompt-completion", [plain], conversation=False, scored=False))
        assert parts["prompt"] + parts["completion"] == whole


@pytest.mark.parametrize("form", FORMATS[:3])
@pytest.mark.parametrize("conversation", [True, False])
def test_rows_have_the_columns_of_the_schema(form: Any, conversation: bool) -> None:
    found = next(rows(form, [record(ASKED if conversation else [])], conversation=conversation, scored=False))
    assert set(found) == set(schema(form, conversation=conversation).names)


@pytest.mark.parametrize(
    ("form", "conversation", "scored", "told"),
    [
        ("text", True, False, "a conversation has no plain text of its own"),
        ("messages", False, False, "the prompts are plain text, not conversations; use --format text"),
        ("prompt-completion", False, True, "nothing was asked; use --format text"),
    ],
)
def test_what_a_form_cannot_hold_is_told(form: Any, conversation: bool, scored: bool, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_form(form, conversation=conversation, scored=scored)


def test_two_sorts_of_prompts_do_not_go_into_one_column() -> None:
    with pytest.raises(InputError, match=r"a\.jsonl:1: some prompts are conversations and some are plain text"):
        list(rows("prompt-completion", [record(ASKED), record([], "x")], conversation=True, scored=False))
