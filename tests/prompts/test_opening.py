from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.prompts.opening import Asked, open_sources
from potstill.recipe import Recipe
from potstill.sources import open_source
from potstill.types import Message, Prompt


def opened(prompts, evaluate=None):
    values = {"name": "x", "seed": 5, "student": {"model": "new:llama"}, "teachers": [{"model": "fake:yes"}]}
    return open_sources(Recipe.model_validate({**values, "prompts": prompts, "evaluate": evaluate or {}}))


def put(prompt, template=None, grader=None, system=None):
    return Asked(open_source("world:fact?n=1", "x", {}), False, {}, template, grader, system, None).put(prompt)


def test_how_a_prompt_is_put():
    prompt = Prompt((Message("user", "a?"),))
    assert put(prompt, "Q: {prompt}", "exact", "Be brief.") == Prompt(
        (Message("system", "Be brief."), Message("user", "Q: a?")), grader="exact"
    )
    own = Prompt((Message("system", "Mine."), Message("user", "a?")), grader="number")
    assert put(own, grader="exact", system="Yours.") == own
    text = Prompt((), reference="plain")
    assert put(text, "Q: {prompt}", system="Be brief.") == text


def test_what_a_source_does_not_say_its_section_says():
    own = {"source": "world:math?n=2", "template": "> {prompt}", "limit": 1}
    found = opened({"sources": ["world:fact?n=2", own], "template": "Q: {prompt}", "grader": "exact", "limit": 7, "system": "S"})
    first, second = found.training
    assert (first.template, first.grader, first.limit, first.system) == ("Q: {prompt}", "exact", 7, "S")
    assert (second.template, second.grader, second.limit, second.own) == ("> {prompt}", "exact", 1, False)


def test_what_the_evaluation_does_not_say_the_prompts_say():
    section = {"sources": ["world:fact?n=2"], "template": "Q: {prompt}", "grader": "exact", "limit": 7, "system": "S"}
    (held,) = opened(section, {"sources": ["world:fact?n=2"], "grader": "number"}).evaluation
    assert (held.template, held.grader, held.limit, held.system) == ("Q: {prompt}", "number", None, "S")


def test_what_validates_is_drawn_anew_and_what_evaluates_is_held_out():
    found = opened({"sources": ["world:fact?n=2"], "validation": ["world:fact?n=2"]}, {"sources": ["world:fact?n=2"]})
    told = found.identity()
    assert list(told) == ["evaluate world:fact?n=2", "validation world:fact?n=2", "prompts world:fact?n=2"]
    assert [fingerprint.partition("seed ")[2] for fingerprint in told.values()] == [
        "5, held out True",
        "6, held out False",
        "5, held out False",
    ]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"template": "Q"}, r"prompts\.sources 'world:fact'\.template: the template has no {prompt}"),
        ({"grader": "numbr"}, r"prompts\.sources 'world:fact'\.grader: unknown judge 'numbr'; did you mean 'number'"),
        ({"columns": {"licence": "=MIT"}}, r"prompts\.sources 'world:fact'\.columns\.licence: no source here \(world:\)"),
    ],
)
def test_faults_of_one_source_name_it(own, message):
    with pytest.raises(RecipeError, match=message):
        opened({"sources": [{"source": "world:fact", **own}, "world:math"]})
