from __future__ import annotations

import pytest
from tokenizers.processors import TemplateProcessing

from potstill.endpoints.base import MalformedError, Request
from potstill.errors import ModelError, RecipeError
from potstill.judges import open_judge
from potstill.judges.endpoint import read_classes
from potstill.models.base import Spending
from tests.endpoints.plain_server import PlainServer, Reply
from tests.models.small import ask, world_tokenizer

ASKED = [(ask("What is 3 + 4?"), "Answer: 7"), (ask("Who?"), " "), (ask("Who?"), "Ann.")]


def classes(*probabilities):
    return {"data": [{"index": 0, "label": "yes", "probs": list(probabilities)}], "usage": {"prompt_tokens": 9, "total_tokens": 9}}


def judge_of(server, **spending):
    return open_judge(f"reward:{server.base}#RM?tokenizer=world:a", spending=Spending(**spending))


def test_the_server_is_sent_the_conversation_in_the_models_own_template():
    with PlainServer(lambda i, body: Reply(body=classes(0.25, 0.75 if "7" in body["input"] else 0.5))) as server:
        assert judge_of(server).scores(ASKED) == [0.75, None, 0.5]
        texts = {body["input"] for body in server.bodies}
        assert all(body["model"] == "RM" for body in server.bodies)
    turns = [{"role": "user", "content": "What is 3 + 4?"}, {"role": "assistant", "content": "Answer: 7"}]
    assert world_tokenizer().apply_chat_template(turns, tokenize=False) in texts
    assert len(texts) == 2


def test_a_ledger_answers_what_was_paid(tmp_path):
    with PlainServer(lambda i, body: Reply(body=classes(0.9))) as server:
        first = judge_of(server, ledger=tmp_path / "ledger.sqlite").scores(ASKED)
        assert judge_of(server, ledger=tmp_path / "ledger.sqlite").scores(ASKED) == first == [0.9, None, 0.9]
        assert len(server.bodies) == 2


def test_faults_are_asked_again():
    with PlainServer(lambda i, body: Reply(status=500) if i == 0 else Reply(body=classes(0.5), cut=i == 1)) as server:
        assert judge_of(server).scores(ASKED[:1]) == [0.5]
        assert len(server.bodies) == 3


def test_a_server_without_such_a_model_is_told():
    with PlainServer(lambda i, body: Reply(status=404, body={"error": "no such model"})) as server, pytest.raises(ModelError):
        judge_of(server).scores(ASKED)


@pytest.mark.parametrize("added", [True, False])
def test_a_bos_that_the_server_adds_is_not_sent(tmp_path, added):
    tokenizer = world_tokenizer()
    tokenizer.chat_template = "{{ bos_token }}" + str(tokenizer.chat_template)
    tokenizer.add_special_tokens({"bos_token": "<system>"})
    if added:
        pieces = [("<system>", tokenizer.bos_token_id)]
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<system> $A", special_tokens=pieces)
    tokenizer.save_pretrained(tmp_path)
    with PlainServer(lambda i, body: Reply(body=classes(0.5))) as server:
        open_judge(f"reward:{server.base}#RM?tokenizer=hf:{tmp_path}").scores(ASKED[:1])
        assert server.bodies[0]["input"].startswith("<user>" if added else "<system><user>")


@pytest.mark.parametrize("raw", [b"{", b"{}", b'{"data": []}', b'{"data": [{"probs": [0.2, 0.3, 0.5]}]}', b'{"data": [{"probs": [1.5]}]}'])
def test_other_responses_are_malformed(raw):
    with pytest.raises(MalformedError):
        read_classes(Request("http://localhost:1/classify", {}, {}), raw)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("reward:http://localhost:1?tokenizer=world:a", "the address names no model"),
        ("reward:http://localhost:1#RM", r"tokenizer is not named; write \?tokenizer=hf:PATH"),
        ("reward:http://localhost:1#RM?tokeniser=world:a", "unknown setting 'tokeniser'; did you mean 'tokenizer'"),
    ],
)
def test_addresses_that_cannot_be_used(spec, told):
    with pytest.raises(RecipeError, match=told):
        open_judge(spec)


def test_identity_is_of_address_model_and_tokenizer():
    one, other = (open_judge(f"reward:http://localhost:1#{model}?tokenizer=world:a").identity() for model in ("RM", "other"))
    assert {key for key in one if one[key] != other[key]} == {"judge", "model"}
    assert "chat_template" in one


def test_a_budget_of_dollars_needs_the_judges_price_and_counts_it():
    spec = "reward:http://localhost:1#RM?tokenizer=world:a"
    with pytest.raises(RecipeError, match=r"needs the judge's price; write &input=…&output=…"):
        open_judge(spec, spending=Spending(usd=1.0))
    priced = open_judge(f"{spec}&input=0.5", spending=Spending(usd=1.0))
    assert priced.endpoint.price == {"input": 0.5, "output": 0.0}
    assert priced.name == spec
    assert priced.identity() == open_judge(spec).identity()
    for wrong in ("free", "-1", "nan"):
        with pytest.raises(RecipeError, match="is no price"):
            open_judge(f"{spec}&input={wrong}")


def test_a_key_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ModelError, match="NO_SUCH_KEY is not set"):
        open_judge("reward:http://localhost:1#RM?tokenizer=world:a&api_key_env=NO_SUCH_KEY").scores(ASKED[:1])
