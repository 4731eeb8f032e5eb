"""What a model cannot read is found before it is asked."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from potstill.check.reading import Reader
from potstill.errors import InputError, ModelError
from potstill.text.chat import render
from potstill.types import Message, Prompt
from tests.models.small import ask, world_tokenizer

ALTERNATING = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ m.content }}{% endfor %}"
)


def words(*known: str, unknown: str | None) -> PreTrainedTokenizerBase:
    """A tokenizer of single letters; what it does not know is `unknown`, or dropped."""
    pieces = {piece: i for i, piece in enumerate([*known, *([unknown] if unknown else [])])}
    tokenizer = Tokenizer(models.BPE(pieces, [], unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=unknown, chat_template="{{ messages[-1].content }}")


def test_every_sequence_of_roles_is_put_in_the_template() -> None:
    tokenizer = world_tokenizer()
    tokenizer.chat_template = ALTERNATING
    reader = Reader("hf:x", tokenizer, None)
    reader.see([ask("a", source="f:1"), ask("b", source="f:2")])
    turns = (Message("system", "s"), Message("user", "c"))
    with pytest.raises(ModelError, match="refuses a conversation of system, user: roles must alternate, first asked by f:3") as raised:
        reader.see([Prompt(turns, source="f:3")])
    assert raised.value.where.startswith("hf:x (tokenizer ")


def test_all_prompts_are_read_before_the_longest_is_told() -> None:
    tokenizer = world_tokenizer()
    reader = Reader("hf:x", tokenizer, 40)
    prompts = [ask("word " * n, source=f"f:{n}") for n in (1, 60, 90, 70)]
    reader.see(prompts[:2])
    reader.see(prompts[2:])
    longest = len(render(tokenizer, prompts[2], None).input_ids)
    told = rf"hf:x: 3 of 4 prompts do not fit its context of 40 tokens; the longest has {longest} \(f:90\); shorten or drop them"
    with pytest.raises(ModelError, match=told):
        reader.finish()


@pytest.mark.parametrize(("answers", "fits"), [(True, False), (False, True)])
def test_an_answer_needs_room_and_a_scored_text_none(answers: bool, fits: bool) -> None:
    tokenizer, text = world_tokenizer(), Prompt((), reference="one two three")
    context = len(render(tokenizer, text, None).input_ids)
    reader = Reader("hf:x", tokenizer, context, answers=answers)
    reader.see([text])
    if fits:
        assert reader.finish() == []
    else:
        with pytest.raises(ModelError, match="1 of 1 prompts do not fit"):
            reader.finish()


@pytest.mark.parametrize("unknown", ["<unk>", None])
def test_characters_that_are_lost_are_counted(unknown: str | None) -> None:
    reader = Reader("hf:x", words("a", "b", unknown=unknown), None)
    reader.see([ask("a b"), ask("b a"), ask("a é", source="f:3")])
    assert reader.finish() == ["hf:x: 1 of 3 prompts hold characters that its tokenizer cannot encode: 'é' (the first is f:3)"]


def test_a_tokenizer_of_another_script_is_refused() -> None:
    reader = Reader("hf:x", words("a", "b", unknown="<unk>"), None)
    reader.see([ask("привет"), ask("мир"), ask("a")])
    with pytest.raises(ModelError, match="2 of 3 prompts hold characters .* use a model of that language"):
        reader.finish()


def test_bytes_lose_nothing() -> None:
    reader = Reader("hf:x", world_tokenizer(), None)
    reader.see([ask("é 中 \u200b \x00 🙂 £")])
    assert reader.finish() == []


def test_what_is_no_unicode_is_told_with_its_source() -> None:
    with pytest.raises(InputError, match=r"f:1: a text is not valid Unicode: it holds '\\ud800'; replace the surrogates in it"):
        Reader("hf:x", world_tokenizer(), None).see([ask("a\ud800", source="f:1")])


def test_a_tokenizer_without_a_chat_template(tmp_path: Path) -> None:
    tokenizer = world_tokenizer()
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="the tokenizer has no chat template, and the prompts are conversations"):
        Reader("hf:x", tokenizer, None).see([ask("a")])
