from __future__ import annotations

import pytest

from potstill.errors import ModelError
from potstill.models import world
from potstill.models.base import Keep, Options, Sampling
from tests.models.small import ask, write_model


def test_a_teacher_is_opened_with_the_worlds_tokenizer(tmp_path, monkeypatch):
    folder = write_model(tmp_path / "base")
    for path in folder.glob("*token*"):
        path.unlink()
    monkeypatch.setattr(world, "TEACHERS", tmp_path)
    model = world.open_world("base", Options())
    assert model.name == "world:base"
    assert (model.identity()["licence"], model.identity()["train_on_outputs"]) == ("Apache-2.0", "allowed")
    ((answer,),) = model.draw([ask("What is 1+1?")], Sampling(max_new_tokens=3), Keep(size=2))
    assert answer.outlook.support_ids.shape[1] == 2
    assert len(model.tokenizer) == 640


def test_an_unknown_teacher():
    with pytest.raises(ModelError, match="unknown teacher 'bse'; did you mean 'base'"):
        world.open_world("bse", Options())


def test_missing_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(world, "TEACHERS", tmp_path)
    with pytest.raises(ModelError, match="weights are not there; potstill world teach math"):
        world.open_world("math", Options())
