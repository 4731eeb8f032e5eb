"""From what a recipe names to a model that answers. Imports no torch: the model's own kind does, when it is opened."""

from __future__ import annotations

from potstill.errors import CapabilityError, ModelError
from potstill.models.base import FREE, NOTHING, Endpoint, Keep, Options, Spending, Teacher
from potstill.recipe.models import TeacherSection
from potstill.registry import find
from potstill.store.ledger import NAME
from potstill.store.run import Run


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
