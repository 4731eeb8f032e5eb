"""Whose tokens the student speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from potstill.errors import CapabilityError
from potstill.recipe import Recipe
from potstill.train.tokens import check_divergences, same_tokens
from tests.models.small import write_classifier

CE = {"kind": "cross_entropy"}
CACHED = {"kind": "divergence"}
LIVE = {"kind": "divergence", "teacher": "live"}


def changed(recipe: Recipe, **sections: Any) -> Recipe:
    return Recipe.model_validate({**recipe.model_dump(), **sections})


def test_a_new_student_takes_the_first_teachers_tokens_unless_it_names_others(recipe_of: Callable[..., Recipe]) -> None:
    assert same_tokens(recipe_of([CE]))
    assert same_tokens(recipe_of([CE], student={"tokenizer": "world:a"}))
    assert not same_tokens(recipe_of([CE], student={"tokenizer": "world:b"}))


def test_a_student_that_is_there_has_its_own_tokens(recipe_of: Callable[..., Recipe], teacher_folder: Path) -> None:
    assert same_tokens(changed(recipe_of([CE]), student={"model": f"hf:{teacher_folder}"}))


@pytest.mark.parametrize("loss", [CACHED, LIVE])
def test_other_tokens_stop_every_divergence_and_not_cross_entropy(loss: dict[str, Any], recipe_of: Callable[..., Recipe]) -> None:
    check_divergences(recipe_of([CE, loss]))
    check_divergences(recipe_of([CE], student={"tokenizer": "world:b"}))
    with pytest.raises(CapabilityError, match=r'^train\.losses\.1: .* the student has another; take .* kind = "cross_entropy"$'):
        check_divergences(recipe_of([CE, loss], student={"tokenizer": "world:b"}))


def test_one_of_several_teachers_with_other_tokens_is_enough(recipe_of: Callable[..., Recipe], data_dir: Path) -> None:
    first = recipe_of([CACHED])
    both = [first.teachers[0].model_dump(), {"model": f"hf:{data_dir}/stories260K/hf"}]
    with pytest.raises(CapabilityError, match="the student has another"):
        check_divergences(changed(first, teachers=both))


def test_a_live_divergence_has_one_teacher_that_runs_here(recipe_of: Callable[..., Recipe]) -> None:
    live = recipe_of([LIVE], student={"tokenizer": "world:a"})
    for teachers in ([{"model": "fake:x"}], [live.teachers[0].model_dump(), {"model": "world:base"}]):
        with pytest.raises(CapabilityError, match=r"train\.losses\.0: a live divergence needs exactly one teacher that runs here"):
            check_divergences(changed(live, teachers=teachers))


@pytest.mark.parametrize("loss", [CACHED, LIVE])
def test_no_divergence_from_a_classifier(loss: dict[str, Any], recipe_of: Callable[..., Recipe], tmp_path: Path) -> None:
    teacher = {"model": f"hf:{write_classifier(tmp_path / 'classifier')}"}
    student = {"tokenizer": "world:a"}
    check_divergences(changed(recipe_of([CE], student=student), teachers=[teacher]))
    assert not same_tokens(changed(recipe_of([CE], student=student), teachers=[teacher]))
    with pytest.raises(CapabilityError, match=r'^train\.losses\.0: .* probabilities of classes; .* kind = "cross_entropy"'):
        check_divergences(changed(recipe_of([loss], student=student), teachers=[teacher]))


@pytest.mark.parametrize("divergence", ["reverse_kl", "jsd"])
def test_what_is_biased_with_sampled_tokens_is_refused(divergence: str, recipe_of: Callable[..., Recipe]) -> None:
    recipe = recipe_of([{**CACHED, "divergence": divergence}], student={"tokenizer": "world:a"})
    teacher = {"model": recipe.teachers[0].model, "codec": "sampled"}
    with pytest.raises(CapabilityError, match=rf'^train\.losses\.0: the gradient of {divergence} is biased .* "forward_kl"'):
        check_divergences(changed(recipe, teachers=[teacher]))


def test_stored_hidden_states_have_one_teacher_that_runs_here(recipe_of: Callable[..., Recipe]) -> None:
    recipe = recipe_of([CACHED], student={"tokenizer": "world:a"})
    teachers = [{"model": each, "codec": "hidden_states"} for each in (recipe.teachers[0].model, "world:base")]
    with pytest.raises(CapabilityError, match="need exactly one teacher, whose head runs here"):
        check_divergences(changed(recipe, teachers=teachers))
