from __future__ import annotations

import pytest

from potstill.errors import ModelError
from potstill.models.tokenizers import first_line, load_tokenizer, open_tokenizer, tokenizer_facts
from potstill.recipe import expand


def test_the_worlds_two_tokenizers():
    a, b = open_tokenizer("world:a"), open_tokenizer("world:b")
    assert a.chat_template
    assert a.get_vocab() != b.get_vocab()
    assert tokenizer_facts(a) == tokenizer_facts(open_tokenizer("world:a")) != tokenizer_facts(b)


def test_facts_follow_special_tokens():
    tokenizer = open_tokenizer("world:a")
    before = tokenizer_facts(tokenizer)
    tokenizer.eos_token = "<user>"
    assert tokenizer_facts(tokenizer)["special_tokens"] != before["special_tokens"]
    tokenizer.chat_template = None
    assert "chat_template" not in tokenizer_facts(tokenizer)


@pytest.mark.parametrize("spec", ["world:c", "recorded:x", "hf:", "plain"])
def test_unknown_tokenizers(spec):
    with pytest.raises(ModelError, match="unknown tokenizer"):
        open_tokenizer(spec)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere", "~/nowhere", "a/b/c"])
def test_a_folder_that_is_not_there(name):
    with pytest.raises(ModelError, match=f"{expand(name)}: no such folder; check the path"):
        open_tokenizer(f"hf:{name}")


def test_a_folder_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    open_tokenizer("world:a").save_pretrained(tmp_path / "mine")
    assert tokenizer_facts(open_tokenizer("hf:~/mine")) == tokenizer_facts(open_tokenizer("world:a"))


def test_a_folder_without_or_with_a_damaged_one(tmp_path):
    with pytest.raises(ModelError, match="the folder has no tokenizer"):
        load_tokenizer(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    with pytest.raises(Exception, match="tokenizer cannot be read") as caught:
        load_tokenizer(str(tmp_path))
    assert isinstance(caught.value, ModelError)


def test_padding_falls_back_to_the_end_token(tmp_path):
    tokenizer = open_tokenizer("world:a")
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path)
    assert load_tokenizer(str(tmp_path)).pad_token == "<end>"


def test_bare_vocabularies(data_dir):
    assert len(open_tokenizer(f"hf:{data_dir}/tokenizers/gpt2")) == 50257
    assert len(open_tokenizer("hf:${POTSTILL_DATA}/tokenizers/mistral-7b-v0.1")) == 32000


def test_the_first_line_of_an_error():
    assert first_line(ValueError("one.\ntwo")) == "one"
    assert first_line(ValueError("")) == "ValueError"
    error = ValueError("it failed for 'x':\n  details")
    error.__cause__ = ValueError("the true reason")
    assert first_line(error) == "the true reason"
