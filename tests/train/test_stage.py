from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from potstill import train
from potstill.errors import CapabilityError
from potstill.models import open_teacher
from potstill.models.base import Given, Keep, Sampling
from potstill.recipe import Recipe
from potstill.train import stage
from potstill.train.stage import base_student
from potstill.types import Prompt
from tests.train.conftest import SIZES

CE = {"kind": "cross_entropy"}
KD = {"kind": "divergence"}
TEACHER_SIZE = 32
"""Of the hidden states, in the folder of the fixtures' teacher."""
LIVE = {"kind": "divergence", "teacher": "live", "divergence": "jsd", "temperature": 2.0, "scale_t2": True}


def test_a_student_is_trained_and_saved_as_transformers_loads_it(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    run, cut = open_run(recipe_of([CE, KD, LIVE]))
    made = train.fit(run, cut)
    network = AutoModelForCausalLM.from_pretrained(made.path("student"))
    assert len(AutoTokenizer.from_pretrained(made.path("student"))) == network.config.vocab_size
    assert made.manifest.summary["traces"] == 10
    assert made.manifest.summary["packed"]
    assert made.manifest.summary["steps"] == 6
    metrics = made.table("metrics")
    assert metrics["step"].to_pylist() == [1, 2, 3, 4, 5, 6]
    assert {"loss", "cross_entropy", "forward_kl_cached", "jsd_live", "grad_norm", "learning_rate", "tokens"} <= set(metrics.column_names)
    assert not torch.equal(network.lm_head.weight, base_student(run.recipe).network.lm_head.weight)


def test_a_student_that_mixes_the_traces_of_a_row_is_trained_on_each_in_its_own(
    recipe_of: Callable[..., Any], open_run: Callable[..., Any]
) -> None:
    sizes = {name: size for name, size in SIZES.items() if name != "num_hidden_layers"}
    student = {"model": "new:lfm2", "config": {**sizes, "num_hidden_layers": 2, "layer_types": ["conv", "full_attention"]}}
    packed, apart = (train.fit(*open_run(recipe_of([CE], student, pack=pack), name=f"{pack}")) for pack in (True, False))
    assert not packed.manifest.summary["packed"]
    assert packed.table("metrics")["loss"].to_pylist() == apart.table("metrics")["loss"].to_pylist()


@pytest.mark.parametrize("losses", [[CE], [CE, LIVE]])
def test_a_live_teacher_too_must_keep_the_traces_of_a_row_apart(
    recipe_of: Callable[..., Any], open_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, losses: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(stage, "keeps_apart", lambda head: head.network.config.hidden_size != TEACHER_SIZE)
    assert train.fit(*open_run(recipe_of(losses))).manifest.summary["packed"] == (LIVE not in losses)


def test_the_parts_add_up_to_the_loss(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    run, cut = open_run(recipe_of([CE, {**KD, "weight": 0.5}]))
    row = train.fit(run, cut).table("metrics").to_pylist()[0]
    assert row["loss"] == pytest.approx(row["cross_entropy"] + 0.5 * row["forward_kl_cached"], rel=1e-5)


def test_continued_texts_are_learnt_from_where_the_teacher_went_on(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    texts = [Prompt((), reference=f"Ann has {i} pens and Bob has {i + 1}") for i in range(6)]
    run, cut = open_run(recipe_of([CE, KD], batch_tokens=4096), given=texts)
    row = train.fit(run, cut).table("metrics").to_pylist()[0]
    student, teacher = base_student(run.recipe), open_teacher(run.recipe.teachers[0])
    drawn = [group[0] for group in teacher.draw(texts, Sampling(max_new_tokens=12, seed=3), Keep())][:4]
    given = [Given(text, one.text, one.token_ids, one.finish_reason) for text, one in zip(texts, drawn, strict=False)]
    expected = np.concatenate([one.outlook.log_p for one in student.score(given)])
    assert len(expected) == sum(len(one.token_ids) for one in drawn)
    assert row["cross_entropy"] == pytest.approx(-expected.mean(), rel=1e-4)


def test_equal_recipes_give_equal_students_and_an_unchanged_one_is_kept(
    recipe_of: Callable[..., Any], open_run: Callable[..., Any]
) -> None:
    first = train.fit(*open_run(recipe_of([CE]), name="a"))
    run, cut = open_run(recipe_of([CE]), name="b")
    second = train.fit(run, cut)
    assert first.content == second.content
    assert train.fit(run, cut).manifest.finished == second.manifest.finished


def test_the_best_weights_are_kept_when_asked_for(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    run, cut = open_run(recipe_of([CE], validate_every=2, keep="best"))
    made = train.fit(run, cut)
    losses = {row["step"]: row["validation_loss"] for row in made.table("metrics").to_pylist() if row["validation_loss"] is not None}
    assert sorted(losses) == [2, 4, 6]
    assert made.manifest.summary["best_step"] == min(losses, key=losses.__getitem__)


def test_a_stored_top_k_says_what_it_leaves_open_at_another_temperature(
    recipe_of: Callable[..., Any], open_run: Callable[..., Any]
) -> None:
    moving = {**KD, "temperature": {"start": 1.0, "end": 0.5}}
    run, cut = open_run(recipe_of([KD, {**KD, "temperature": 2.0}, moving]))
    summary = train.fit(run, cut).manifest.summary
    assert list(summary["tails"]) == ["0.5", "2"]
    assert all(0 < low < high < 1 for low, high in summary["tails"].values())


def test_no_stored_distribution_stops_a_logit_loss(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    run, cut = open_run(recipe_of([KD]), top_k=0)
    with pytest.raises(CapabilityError, match="stored distribution covers 0 of"):
        train.fit(run, cut)


@pytest.mark.parametrize("loss", [KD, LIVE])
def test_another_tokenizer_stops_a_divergence_and_not_cross_entropy(
    loss: dict[str, Any], recipe_of: Callable[..., Any], open_run: Callable[..., Any]
) -> None:
    run, cut = open_run(recipe_of([CE, loss], student={"tokenizer": "world:b"}), name="kd")
    with pytest.raises(CapabilityError, match=r"train\.losses\.1: a divergence needs the teacher's own tokenizer"):
        train.fit(run, cut)
    run, cut = open_run(recipe_of([CE], student={"tokenizer": "world:b"}), name="ce")
    assert train.fit(run, cut).manifest.summary["traces"] == 10


def test_long_traces_are_cut_and_counted(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    run, cut = open_run(recipe_of([CE, KD], max_length=24))
    summary = train.fit(run, cut).manifest.summary
    assert summary["cut"] > 0


def _keeping(recipe: Recipe, codec: str) -> Recipe:
    """The recipe with a teacher whose distribution is kept by that codec."""
    return Recipe.model_validate({**recipe.model_dump(), "teachers": [{"model": recipe.teachers[0].model, "codec": codec}]})


def test_stored_hidden_states_teach_what_the_live_teacher_does(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    both = [KD, {**KD, "teacher": "live"}]
    first = train.fit(*open_run(_keeping(recipe_of(both), "hidden_states"))).table("metrics").to_pylist()[0]
    assert first["forward_kl_cached"] == pytest.approx(first["forward_kl_live"], rel=1e-4)


def test_stored_hidden_states_need_the_weights_that_made_them(
    recipe_of: Callable[..., Any], open_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, cut = open_run(_keeping(recipe_of([KD]), "hidden_states"))
    monkeypatch.setattr("potstill.models.LocalModel.identity", lambda model: {"weights": "others"})
    with pytest.raises(CapabilityError, match="of other weights than this teacher's"):
        train.fit(run, cut)


def test_sampled_tokens_teach_forward_kl(recipe_of: Callable[..., Any], open_run: Callable[..., Any]) -> None:
    losses = [row["forward_kl_cached"] for row in train.fit(*open_run(_keeping(recipe_of([KD]), "sampled"))).table("metrics").to_pylist()]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
