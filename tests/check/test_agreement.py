"""What parts need against what teachers give."""

from __future__ import annotations

import pytest

from potstill.check.agreement import agree, parts
from potstill.errors import CapabilityError, ModelError, RecipeError
from potstill.recipe import Recipe, load
from tests.e2e.still import TINY


def tiny(*overrides: str) -> Recipe:
    return load(TINY, overrides)


def test_every_part_is_named_with_its_place() -> None:
    found = [(part.where, part.kind, part.name) for part in parts(tiny("prompts.grader=world"))]
    assert found == [
        ("teachers.0", "model", "fake"),
        ("prompts.grader", "judge", "world"),
        ("filters.0", "filter", "answer"),
        ("filters.1", "filter", "duplicate"),
        ("train.losses.0", "loss", "cross_entropy"),
        ("evaluate.suites", "suite", "capability"),
        ("export.formats", "format", "safetensors"),
    ]


def test_a_recipe_that_agrees() -> None:
    agree(tiny())


@pytest.mark.parametrize("divergence", ["forward_kl", "jsd"])
def test_a_loss_on_probabilities_needs_a_teacher_that_gives_them(divergence: str, tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    losses = f'train.losses=[{{kind = "cross_entropy"}}, {{divergence = "{divergence}"}}]'
    with pytest.raises(CapabilityError) as raised:
        agree(tiny(f"teachers.0.model=recorded:{file}", "teachers.0.top_k=5", losses))
    assert raised.value.where == "train.losses.1"
    assert "'divergence' needs probabilities of the likeliest tokens" in str(raised.value)
    assert 'gives answers; take another teacher, or use losses with kind = "cross_entropy"' in str(raised.value)


def test_a_live_loss_needs_the_whole_distribution() -> None:
    with pytest.raises(CapabilityError, match="needs the whole distribution, live"):
        agree(tiny('train.losses=[{teacher = "live"}]'))


def test_scoring_needs_probabilities(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n')
    with pytest.raises(CapabilityError, match=r'set generate\.mode = "draw"'):
        agree(tiny(f"teachers.0.model=recorded:{file}", "generate.mode=score"))


def test_a_suite_needs_the_network() -> None:
    with pytest.raises(CapabilityError, match="suite 'fidelity' needs the whole distribution"):
        agree(tiny('evaluate.suites=["fidelity"]'))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("filters.0.kind=anser", "filters.0: unknown filter 'anser'; did you mean 'answer'"),
        ("filters.1.same_techer=true", "filters.1: unknown key 'same_techer'"),
        ("train.losses.0.kind=cross_entrop", "train.losses.0: unknown loss 'cross_entrop'; did you mean 'cross_entropy'"),
        ('evaluate.suites=["capabilty"]', "evaluate.suites: unknown suite 'capabilty'; did you mean 'capability'"),
        ('export.formats=["safetensor"]', "export.formats: unknown format 'safetensor'; did you mean 'safetensors'"),
        ("prompts.grader=numbr", "prompts.grader: unknown judge 'numbr'; did you mean 'number'"),
        ("evaluate.limits={acuracy = 0.5}", "evaluate.limits.acuracy: no suite of this recipe measures 'acuracy'; did you mean 'accuracy'"),
        ("teachers.0.model=wrld:base", "teachers.0.model: unknown model 'wrld'; did you mean 'world'"),
    ],
)
def test_a_misspelt_name_is_found_before_anything_is_spent(override: str, told: str) -> None:
    with pytest.raises(RecipeError) as raised:
        agree(tiny(override))
    assert told.partition(": ")[2] in str(raised.value)


def test_an_evaluation_needs_something_to_measure_on() -> None:
    nothing = tiny("evaluate.sources=[]")
    agree(nothing, evaluated=False)
    with pytest.raises(RecipeError, match="there is nothing to measure on; name some"):
        agree(nothing)


def test_a_teacher_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="no such folder"):
        agree(tiny("teachers.0.model=hf:./nowhere"))
