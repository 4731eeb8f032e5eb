"""The sections that name models: the student and the teachers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from potstill.recipe.section import Fault, Section
from potstill.types import TrainOnOutputs

Dtype = Literal["float32", "bfloat16", "float16"]
KEY_NAMES = frozenset(
    {
        *("api_key", "apikey", "api-key", "x-api-key", "key", "token", "access_token", "auth", "authorization", "proxy-authorization"),
        *("password", "secret", "sig", "signature"),
    }
)
"""What settings that hold a server's key are called, in small letters."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?i:sk_).*|(?=.*\d)(?=.*[a-z]).{20,}|(?=.*\d)[A-F0-9]{24,}")
"""Names that are more likely a key: with the prefix that hosted servers give theirs, or long and of mixed signs."""
_SERVED = ("http", "https")


def is_served(model: str) -> bool:
    """Whether a model, as a recipe writes it, is behind a server: one that is asked over a network, and may have to be paid."""
    return model.partition(":")[0] in _SERVED


def names_variable(name: str) -> bool:
    """Whether it is the name of an environment variable, and not the key that should be in one."""
    return _VARIABLE.fullmatch(name) is not None and _LIKE_A_KEY.fullmatch(name) is None


def _key_paths(values: Any, path: str) -> Iterator[str]:
    """Where in tables and lists a setting is called as one that holds a key."""
    inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list | tuple) else ()
    for name, value in inner:
        if str(name).lower() in KEY_NAMES:
            yield f"{path}.{name}"
        yield from _key_paths(value, f"{path}.{name}")


class ModelSection(Section):
    """What a student's and a teacher's section share."""

    model: str = Field(pattern=r"^[a-z]+:.+", description="The model: a kind, a colon and a name, as in `hf:Qwen/Qwen3-0.6B`.")
    revision: str | None = Field(None, description="The revision on the hub: a branch, a tag or a commit; none: its default branch.")
    dtype: Dtype = Field("float32", description="The number type that the weights are loaded in.")
    remote_code: bool = Field(False, description="Run the code that the model's repository brings; only with a pinned `revision`.")

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.remote_code and self.revision is None:
            raise Fault("remote_code", "remote_code needs a revision: code that can change must not run unseen")
        return self


class StudentSection(ModelSection):
    """The model that is taught."""

    model: str = Field(
        pattern=r"^(hf|new):.+", description="`hf:PATH` or `hf:HUB-ID`, or `new:llama` for fresh weights of that transformers model type."
    )
    config: dict[str, Any] = Field({}, description="For `new:`: settings of the transformers configuration, as `hidden_size = 64`.")
    tokenizer: str | None = Field(None, description="`hf:PATH` or `world:a`; none: its own, or for `new:` the first teacher's.")
    chat_template: str | None = Field(None, description="A chat template (Jinja), for a tokenizer that has none.")

    @model_validator(mode="after")
    def _config_of_new(self) -> Self:
        if self.config and not self.model.startswith("new:"):
            raise Fault("config", f"config is for a new model; {self.model} has its own")
        return self


class PriceSection(Section):
    """What an endpoint charges, in US dollars a million tokens."""

    input: FiniteFloat = Field(ge=0, description="Tokens read.")
    output: FiniteFloat = Field(ge=0, description="Tokens written, reasoning included.")
    cached_input: FiniteFloat | None = Field(None, ge=0, description="Tokens read from the server's cache; none: as `input`.")


class TeacherSection(ModelSection):
    """A model, an endpoint or a file of answers, that teaches."""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset({"api_key_env", "concurrency", "timeout", "batch"})

    model: str = Field(
        pattern=r"^[a-z]+:.+",
        description="`hf:PATH-or-HUB-ID`, `http://HOST/v1#MODEL`, `world:base`, `recorded:FILE` or `fake:…`.",
    )
    codec: str = Field("top_k", description="How its distribution is kept at each position: `top_k`, `sampled` or `hidden_states`.")
    top_k: int = Field(20, ge=0, description="How many of its most likely tokens are kept at each position; 0 keeps none.")
    draws: int = Field(12, ge=1, description="For the codec `sampled`: how many tokens are drawn at each position.")
    domains: tuple[str, ...] = Field((), description="The domains of the prompts it answers; none: those that no other teacher names.")
    columns: dict[str, str] = Field({}, description="For `recorded:`: what is wanted -> the file's column that holds it.")
    quantization: dict[str, Any] = Field({}, description='For `hf:`: a transformers quantisation config, as `quant_method = "torchao"`.')
    licence: str = Field("", description="The licence of its weights or outputs (an SPDX name), where it does not say itself.")
    terms: str = Field("", description="The address of its terms of use.")
    train_on_outputs: TrainOnOutputs = Field(
        "unknown", description="Whether its terms let others train on what it says; `forbidden` stops the run, but for `accept_terms`."
    )
    accept_terms: str = Field("", description="Why the run goes on although the terms forbid it, in words; told wherever its data go.")
    dialect: str = Field("openai", description="For an endpoint: `vllm`, `sglang`, `llama_cpp`, `openai` or `anthropic`.")
    tokenizer: str | None = Field(None, description="For an endpoint: its model's tokenizer (`hf:PATH`); prompts are sent as ids then.")
    api_key_env: str | None = Field(None, description="For an endpoint: the environment variable that holds the key; it is never written.")
    concurrency: int = Field(64, ge=1, description="For an endpoint: most requests in flight; fewer when the server slows down.")
    timeout: FiniteFloat = Field(600.0, gt=0, description="For an endpoint: seconds after which a request is given up and sent again.")
    parameters: dict[str, Any] = Field({}, description='For an endpoint: keys added to every request, as `reasoning_effort = "none"`.')
    price: PriceSection | None = Field(None, description="For an endpoint: what it charges; none: the cost is unknown.")
    batch: bool = Field(False, description="For an endpoint: submit through its asynchronous batch API (cheaper, within a day).")

    @property
    def served(self) -> bool:
        """Whether it is an endpoint."""
        return is_served(self.model)

    @model_validator(mode="after")
    def _settings_apply(self) -> Self:
        kind = self.model.partition(":")[0]
        for kinds, keys in _OF_KIND.items():
            for key in keys:
                if kind not in kinds and getattr(self, key) != type(self).model_fields[key].default:
                    raise Fault(key, f"{key} is for {' and '.join(f'{each}:' for each in kinds)} and not for {self.model}")
        return self

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.accept_terms and not self.accept_terms.strip():
            raise Fault("accept_terms", "accept_terms is a reason in words, and none is given")
        return self

    @model_validator(mode="after")
    def _holds_no_key(self) -> Self:
        if self.api_key_env is not None and not names_variable(self.api_key_env):
            what = "api_key_env is the name of an environment variable (letters, digits and _), and what is written here is none"
            raise Fault("api_key_env", f"{what}; put the key in a variable, as OPENAI_API_KEY, and write that name")
        for path in _key_paths(self.parameters, "parameters"):
            raise Fault(path, f"{path} may hold a key, and a recipe is written down: put it in an environment variable, see api_key_env")
        return self

    @model_validator(mode="after")
    def _has_batches(self) -> Self:
        if self.batch and self.dialect in _WITHOUT_BATCHES:
            raise Fault("batch", f"servers of the dialect {self.dialect} have no batch API: leave batch out")
        return self


_WITHOUT_BATCHES = frozenset({"vllm", "sglang", "llama_cpp"})
_OF_KIND: dict[tuple[str, ...], tuple[str, ...]] = {
    ("recorded",): ("columns",),
    ("hf",): ("quantization",),
    _SERVED: ("dialect", "tokenizer", "api_key_env", "concurrency", "timeout", "parameters", "price", "batch"),
}
"""Kinds of model -> the teacher's keys that are theirs alone."""
