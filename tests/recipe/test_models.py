from __future__ import annotations

import pytest
from pydantic import ValidationError

from potstill.errors import RecipeError
from potstill.recipe import parse
from potstill.recipe.models import TeacherSection, is_served, names_variable
from tests.recipe.test_sections import HEAD

TEACHER = {
    "model": "world:base",
    "revision": None,
    "dtype": "float32",
    "remote_code": False,
    "codec": "top_k",
    "top_k": 20,
    "draws": 12,
    "domains": (),
    "columns": {},
    "quantization": {},
    "licence": "",
    "terms": "",
    "train_on_outputs": "unknown",
    "accept_terms": "",
    "dialect": "openai",
    "tokenizer": None,
    "api_key_env": None,
    "concurrency": 64,
    "timeout": 600.0,
    "parameters": {},
    "price": None,
    "batch": False,
}
"""The defaults of a teacher."""


def test_the_defaults_of_a_teacher() -> None:
    assert parse(HEAD).teachers[0].model_dump() == TEACHER


def test_a_new_student_has_a_configuration_and_others_do_not() -> None:
    text = HEAD.replace('"new:llama"', '"new:llama"\nconfig = { hidden_size = 64 }')
    assert parse(text).student.config == {"hidden_size": 64}
    with pytest.raises(RecipeError, match="config is for a new model"):
        parse(text.replace("new:llama", "hf:a/b"))
    with pytest.raises(RecipeError, match='cannot be "world:base"'):
        parse(HEAD.replace("new:llama", "world:base"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('teachers.0.tokenizer="hf:x"', r"tokenizer is for http: and https: and not for world:base"),
        ('teachers.0.columns={prompt = "q"}', r"columns is for recorded: and not for world:base"),
        ("teachers.0.quantization={bits = 4}", r"quantization is for hf: and not for world:base"),
    ],
)
def test_a_setting_of_another_kind_of_teacher_is_refused(setting: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(HEAD, overrides=[setting])


ENDPOINT = HEAD.replace('model = "world:base"', 'model = "http://h/v1#m"\n{}')


@pytest.mark.parametrize("name", ["sk-proj-4bC9dE", "sk_live_4bC9dE", "a4b9c1d8e7f60512a4b9c1d8e7f60512", "9KEY", "MY KEY", ""])
def test_a_key_in_the_place_of_its_variable_is_refused_and_not_shown(name: str) -> None:
    assert not names_variable(name)
    for make in (
        lambda: parse(ENDPOINT.format(f'api_key_env = "{name}"')),
        lambda: parse(HEAD, overrides=[f'teachers.0.api_key_env="{name}"']),
    ):
        with pytest.raises(RecipeError) as caught:
            make()
        assert not name or name not in str(caught.value)
    assert all(map(names_variable, ["OPENAI_API_KEY", "_k2", "my_key", "COMPANY_TEAM_7_OPENAI_KEY"]))


@pytest.mark.parametrize(
    "setting",
    [
        'parameters = {api_key = "s3cretvalue"}',
        'parameters = {extra = [{headers = {Authorization = "s3cretvalue"}}]}',
        'parameters = {token = "s3cretvalue"}',
        'parameters = "s3cretvalue"',
        'api_key = "s3cretvalue"',
        'api_key_env = ["s3cretvalue"]',
    ],
)
def test_a_key_among_the_settings_is_refused_and_not_shown(setting: str) -> None:
    name, _, value = setting.partition(" = ")
    for text, overrides in ((ENDPOINT.format(setting), []), (ENDPOINT.format(""), [f"teachers.0.{name}={value}"])):
        with pytest.raises(RecipeError) as caught:
            parse(text, overrides=overrides)
        assert "s3cretvalue" not in str(caught.value)
    with pytest.raises(ValidationError) as raw:
        TeacherSection(model="http://h/v1#m", api_key_env="s3cret-value")
    assert "s3cret" not in str(raw.value)


def test_batches_are_refused_where_servers_have_none() -> None:
    for dialect in ("vllm", "sglang", "llama_cpp"):
        with pytest.raises(RecipeError, match=f"the dialect {dialect} have no batch API: leave batch out"):
            parse(ENDPOINT.format(f'dialect = "{dialect}"\nbatch = true'))
    assert parse(ENDPOINT.format('dialect = "anthropic"\nbatch = true')).teachers[0].batch


@pytest.mark.parametrize(
    ("model", "served"),
    [
        ("http://h/v1#m", True),
        ("https://h/v1#m", True),
        ("httpx://h/v1#m", False),
        ("hf:http/one", False),
        ("recorded:http:.jsonl", False),
    ],
)
def test_a_model_behind_a_server_is_told_by_its_kind(model: str, served: bool) -> None:
    assert is_served(model) is served
    assert TeacherSection(model=model).served is served
