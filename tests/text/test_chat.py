from __future__ import annotations

import copy

import pytest

from potstill.errors import InputError, ModelError
from potstill.models.tokenizers import open_tokenizer
from potstill.text.chat import encode, encode_behind, end_ids, render, start_ids
from potstill.types import Message, Prompt
from tests.text.pieces import of_bytes, of_words

CHATML = (
    "{% for m in messages %}<user>{{ m.role }} {{ m.content }}<end>\n{% endfor %}{% if add_generation_prompt %}<user>assistant {% endif %}"
)
WITH_BOS = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}"
WITH_BOS += "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
WITH_BOS += "{% if add_generation_prompt %}assistant: {% endif %}"
THINKING = (
    "{% for m in messages %}{% if m.role == 'assistant' %}<bot>[thought: ]{{ m.content }}<end>{% else %}<user>{{ m.content }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<bot>{% endif %}"
)
TURNS = {
    "one turn": (Message("user", "What is 2+3?"),),
    "system": (Message("system", "Be brief."), Message("user", "Sort 3, 1.")),
    "several turns": (Message("user", "Hello."), Message("assistant", "Hello you."), Message("user", "Who is Ann?")),
}


@pytest.fixture
def tokenizer():
    return copy.deepcopy(open_tokenizer("world:a"))


@pytest.fixture
def with_bos(data_dir):
    return copy.deepcopy(open_tokenizer(f"hf:{data_dir}/stories260K/hf"))


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("template", [None, CHATML, THINKING])
def test_context_is_the_templates_and_targets_are_the_answers(tokenizer, turns, template):
    tokenizer.chat_template = template or tokenizer.chat_template
    prompt = Prompt(TURNS[turns])
    text = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in prompt.messages], tokenize=False, add_generation_prompt=True
    )
    rendered = render(tokenizer, prompt, "Answer: 5")
    assert tokenizer.decode(rendered.input_ids[: rendered.loss_from]) == text
    assert tokenizer.decode(rendered.input_ids[rendered.loss_from :]) == "Answer: 5<end>"
    alone = render(tokenizer, prompt, None)
    assert alone.input_ids == rendered.input_ids[: rendered.loss_from]
    assert alone.loss_from == len(alone.input_ids)


def test_the_question_may_hold_the_answers_own_words(tokenizer):
    prompt = Prompt((Message("user", "Say Answer: 5<end> and <bot>Answer: 5"),))
    rendered = render(tokenizer, prompt, "Answer: 5")
    assert tokenizer.decode(rendered.input_ids[rendered.loss_from :]) == "Answer: 5<end>"


def test_ids_are_taken_as_they_are(tokenizer):
    prompt = Prompt(TURNS["one turn"])
    rendered = render(tokenizer, prompt, [300, 301, 4])
    assert rendered.input_ids[rendered.loss_from :] == (300, 301, 4)
    assert render(tokenizer, prompt, ()).input_ids == render(tokenizer, prompt, None).input_ids


def test_an_answer_that_was_cut_off_has_no_end(tokenizer):
    rendered = render(tokenizer, Prompt(TURNS["one turn"]), "Answer", end=False)
    assert tokenizer.decode(rendered.input_ids[rendered.loss_from :]) == "Answer"


def test_bos_is_never_doubled(with_bos):
    with_bos.chat_template = WITH_BOS
    rendered = render(with_bos, Prompt(TURNS["system"]), "hello")
    assert rendered.input_ids.count(1) == 1
    assert rendered.input_ids[0] == 1
    assert rendered.input_ids[-1] == 2
    assert with_bos.decode(rendered.input_ids[rendered.loss_from :]) == "hello</s>"


def test_plain_text_is_its_own_target(tokenizer, with_bos):
    text = "Once upon a time"
    rendered = render(with_bos, Prompt((), reference=text), None)
    assert rendered.input_ids == (1, *encode(with_bos, text))
    assert rendered.loss_from == 1
    without = render(tokenizer, Prompt((), reference=text), None)
    assert without.input_ids == tuple(encode(tokenizer, text))
    assert without.loss_from == 1


def test_plain_text_is_continued(with_bos):
    rendered = render(with_bos, Prompt((), reference="Once upon"), " a time")
    assert with_bos.decode(rendered.input_ids[: rendered.loss_from]) == "<s> Once upon"
    assert rendered.input_ids[-1] == 2


@pytest.mark.parametrize("answer", [" soft rainbow", "soft", "  two", "\n a", "\n\nb", "é🙂", ""])
@pytest.mark.parametrize("make", [of_words, of_bytes])
def test_a_text_and_what_continues_it_are_joined_as_they_stand(make, answer):
    tokenizer = make()
    rendered = render(tokenizer, Prompt((), reference="They found the toy"), answer)
    assert tokenizer.decode(rendered.input_ids, skip_special_tokens=True) == "They found the toy" + answer
    assert tokenizer.decode(rendered.input_ids[: rendered.loss_from], skip_special_tokens=True) == "They found the toy"


def test_what_continues_nothing_begins_a_text():
    tokenizer = of_words()
    assert render(tokenizer, Prompt(()), "the cat", end=False).input_ids == (*start_ids(tokenizer), *encode(tokenizer, "the cat"))
    assert encode_behind(tokenizer, "the cat") != encode(tokenizer, "the cat")


def test_start_and_end_tokens(tokenizer, with_bos):
    assert (start_ids(tokenizer), end_ids(tokenizer)) == ((), (4,))
    assert (start_ids(with_bos), end_ids(with_bos)) == ((1,), (2,))


def test_the_end_token_is_the_templates_before_eos(tokenizer):
    tokenizer.eos_token = "<pad>"
    assert end_ids(tokenizer) == (4,)
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    assert end_ids(tokenizer) == (0,)


def test_no_chat_template_where_one_is_needed(tokenizer):
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match=r"no chat template.*; put a chat_template\.jinja"):
        render(tokenizer, Prompt(TURNS["one turn"]), "x")
    assert render(tokenizer, Prompt((), reference="plain"), None).loss_from == 1


def test_a_template_that_refuses_a_role(tokenizer):
    tokenizer.chat_template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turns') }}{% endif %}"
    with pytest.raises(ModelError, match="refuses a conversation of system, user: no system turns"):
        render(tokenizer, Prompt(TURNS["system"]), "x")


def test_a_tokenizer_without_any_end(tokenizer):
    tokenizer.chat_template, tokenizer.eos_token = "{{ messages[0].content }}", None
    with pytest.raises(ModelError, match="no token that ends an answer"):
        end_ids(tokenizer)


def test_a_text_that_is_no_unicode_is_told() -> None:
    with pytest.raises(InputError, match=r"a text is not valid Unicode and cannot be put in tokens: 'a\\ud800'; replace the surrogates"):
        encode(open_tokenizer("world:a"), "a\ud800")
