"""From what a recipe names to a model."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from potstill.errors import CapabilityError, ModelError, RecipeError
from potstill.models.base import FREE, NOTHING, Endpoint, Keep, Options, Spending, Teacher
from potstill.models.hf import open_hf
from potstill.models.local import Loaded, LocalModel, ready
from potstill.models.new import new_network
from potstill.models.tokenizers import open_tokenizer, tokenizer_facts
from potstill.recipe.models import StudentSection, TeacherSection
from potstill.registry import find
from potstill.store.ledger import NAME
from potstill.store.run import Run
from potstill.text.chat import render
from potstill.types import Message, Prompt, digest


def open_model(spec: str, options: Options | None = None) -> Teacher:
    """The model that `spec` names: `hf:…`, `world:…`, `recorded:…`, `fake:…`, or a kind that another package registered.

    Raises:
        RecipeError: no such kind of model.
        ModelError: the model cannot be found or used.
    """
    options = options or Options()
    kind, colon, name = spec.partition(":")
    if not colon or not name:
        raise ModelError("a model is written KIND:NAME", where=spec, fix="as in hf:Qwen/Qwen3-0.6B or world:base")
    if options.remote_code and options.revision is None:
        raise ModelError("remote code needs a revision", where=spec, fix="pin the commit that you have read")
    teacher: Teacher = find("model", kind, where=spec).factory(name, options)
    return teacher


def open_teacher(section: TeacherSection, batch_size: int = 64, spending: Spending = FREE) -> Teacher:
    """The teacher of a recipe's section.

    Args:
        section: of the recipe.
        batch_size: most answers that a model in this process draws together.
        spending: where an endpoint's requests are written down, and how much they may cost.
    """
    options = Options(
        revision=section.revision,
        dtype=section.dtype,
        remote_code=section.remote_code,
        columns=section.columns,
        batch_size=batch_size,
        quantization=section.quantization,
        endpoint=_endpoint(section, spending),
    )
    return open_model(section.model, options)


def spending_of(run: Run) -> Spending:
    """Where a run writes down its requests to endpoints, and what they may cost."""
    settings = run.recipe.generate
    return Spending(run.folder / NAME, settings.token_budget, settings.usd_budget)


def _endpoint(section: TeacherSection, spending: Spending) -> Endpoint:
    return Endpoint(
        dialect=section.dialect,
        tokenizer=section.tokenizer,
        api_key_env=section.api_key_env,
        concurrency=section.concurrency,
        timeout=section.timeout,
        parameters=section.parameters,
        price=None if section.price is None else section.price.model_dump(exclude_none=True),
        batch=section.batch,
        spending=spending,
    )


def keep_of(section: TeacherSection, teacher: Teacher, seed: int) -> Keep:
    """What of the teacher's distribution the recipe asks for. A teacher of text alone keeps nothing, unless another codec than `top_k` is
    asked for by name.

    Raises:
        CapabilityError: the teacher does not give what that codec needs.
    """
    size = {"top_k": section.top_k, "sampled": section.draws}.get(section.codec, 0)
    needs = find("codec", section.codec, where="teachers.codec").needs
    given = needs <= teacher.gives or (section.codec == "top_k" and "classes" in teacher.gives)
    if not given and section.codec != "top_k":
        lacking, gives = (" and ".join(sorted(words)) for words in (needs - teacher.gives, teacher.gives))
        what = f"the codec {section.codec} needs {lacking}, and it gives {gives}"
        raise CapabilityError(what, where=section.model, fix='use codec = "top_k", or a teacher that runs here')
    return Keep(section.codec, size, seed) if given else NOTHING


def teacher_tokenizer(section: TeacherSection) -> PreTrainedTokenizerBase | None:
    """The tokenizer that a teacher's token ids belong to, read without its weights; None for a teacher that gives no ids of a tokenizer."""
    kind, _, name = section.model.partition(":")
    if kind == "hf" and "classes" in open_teacher(section).gives:
        return None
    if kind == "hf":
        return open_tokenizer(f"hf:{name}", section.revision, remote_code=section.remote_code)
    if section.tokenizer is not None:
        return open_tokenizer(section.tokenizer)
    return open_tokenizer("world:a") if kind == "world" else None


def student_tokenizer(section: StudentSection, teachers_tokenizer: PreTrainedTokenizerBase | None = None) -> PreTrainedTokenizerBase:
    """The student's tokenizer, with the recipe's chat template; no weights are read.

    Args:
        section: of the recipe.
        teachers_tokenizer: the first teacher's, for a new student without a tokenizer of its own.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    if section.tokenizer is not None:
        tokenizer: PreTrainedTokenizerBase | None = open_tokenizer(section.tokenizer)
    elif section.model.startswith("hf:"):
        tokenizer = open_tokenizer(section.model, section.revision, remote_code=section.remote_code)
    else:
        tokenizer = teachers_tokenizer
    if tokenizer is None:
        fix = 'set [student] tokenizer = "hf:…"'
        raise ModelError("a new student needs a tokenizer, and its teacher has none", where=section.model, fix=fix)
    if section.chat_template is not None:
        tokenizer.chat_template = section.chat_template
        _check_template(tokenizer)
    return tokenizer


def _check_template(tokenizer: PreTrainedTokenizerBase) -> None:
    """Put a question in the recipe's chat template, so that a fault is told with the key that holds it."""
    try:
        render(tokenizer, Prompt((Message("user", "a"),)), None)
    except ModelError as error:
        raise RecipeError(error.what, where="student.chat_template", fix="mend the template") from error


def open_student(section: StudentSection, teachers_tokenizer: PreTrainedTokenizerBase | None = None, *, seed: int = 0) -> LocalModel:
    """The student before training.

    Args:
        section: of the recipe.
        teachers_tokenizer: the first teacher's, for a new student without a tokenizer of its own.
        seed: of fresh weights.

    Raises:
        ModelError: the model or its tokenizer cannot be found or used.
    """
    kind, _, name = section.model.partition(":")
    if kind == "hf":
        return _opened(section, name)
    tokenizer = student_tokenizer(section, teachers_tokenizer)

    def load() -> Loaded:
        network = new_network(name, section.config, tokenizer, seed=seed, dtype=section.dtype)
        return Loaded(ready(network), tokenizer)

    facts = {"new": name, "config": digest(section.config), "seed": str(seed), "dtype": section.dtype, **tokenizer_facts(tokenizer)}
    return LocalModel(section.model, load, lambda: facts)


def _opened(section: StudentSection, name: str) -> LocalModel:
    """A student that is there already, with the section's tokenizer and chat template where it names them."""
    options = Options(section.revision, section.dtype, section.remote_code)
    model = open_hf(name, options)
    if section.tokenizer is None and section.chat_template is None:
        return model

    def load() -> Loaded:
        return Loaded(model.network, student_tokenizer(section))

    return LocalModel(model.name, load, lambda: {**model.identity(), "tokenizer": digest([section.tokenizer, section.chat_template])})
