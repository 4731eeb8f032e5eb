"""Which parameter is stepped by what, and that an interrupted run with two optimisers goes on as if undisturbed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from potstill.fit.optimizers import optimizers
from potstill.store.log import Quiet
from tests.fit.small import network, train

GIVEN = {"lr": 1e-3, "betas": (0.9, 0.98), "weight_decay": 0.1}


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_every_parameter_once_and_weight_decay_on_matrices_alone(name: str) -> None:
    student = network()
    groups = [group for made in optimizers(student, name, **GIVEN) for group in made.param_groups]
    stepped = [id(p) for group in groups for p in group["params"]]
    assert sorted(stepped) == sorted(id(p) for p in student.parameters())
    decayed = {id(p) for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    assert decayed == {id(p) for key, p in student.named_parameters() if "_proj" in key}


def test_a_head_of_its_own_has_weight_decay_under_muon_too() -> None:
    student = network(tie_word_embeddings=False)
    groups = [group for made in optimizers(student, "muon", **GIVEN) for group in made.param_groups]
    decayed = {id(p) for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    assert id(student.get_output_embeddings().weight) in decayed


@pytest.mark.parametrize("tied", [True, False])
def test_muon_takes_the_inner_matrices_and_adamw_the_rest(tied: bool) -> None:
    student = network(tie_word_embeddings=tied)
    muon, adamw = optimizers(student, "muon", **GIVEN)
    inner = {id(p) for key, p in student.named_parameters() if "_proj" in key}
    assert {id(p) for group in muon.param_groups for p in group["params"]} == inner
    assert {id(p) for group in adamw.param_groups for p in group["params"]} == {id(p) for p in student.parameters()} - inner


def test_what_is_frozen_is_not_stepped() -> None:
    student = network()
    student.get_input_embeddings().weight.requires_grad_(False)
    frozen = id(student.get_input_embeddings().weight)
    assert all(id(p) != frozen for made in optimizers(student, "muon", **GIVEN) for g in made.param_groups for p in g["params"])


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="adamw and muon"):
        optimizers(network(), "sgd", **GIVEN)


class _Stop(Exception):
    pass


def test_an_interrupted_run_under_muon_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "whole", settings={"optimizer": "muon"})

    def die(step: int) -> float:
        if step == 7:
            raise _Stop
        return 1.0

    with pytest.raises(_Stop):
        train(tmp_path / "cut", settings={"optimizer": "muon", "validate_every": 7}, validate=die, log=Quiet())
    resumed, _ = train(tmp_path / "cut", settings={"optimizer": "muon"})
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
