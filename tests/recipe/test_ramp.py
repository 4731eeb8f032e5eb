from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.recipe import LossSection, Ramp, dump, parse

HEAD = 'name = "x"\n[student]\nmodel = "new:llama"\n[[teachers]]\nmodel = "fake:x"\n[prompts]\nsources = ["a.jsonl"]\n'


def test_it_goes_from_one_value_to_the_other_and_stays() -> None:
    ramp = Ramp(start=1.0, end=3.0, until=0.5)
    assert [ramp.at(progress) for progress in (0.0, 0.25, 0.5, 1.0)] == [1.0, 2.0, 3.0, 3.0]


def test_a_cosine_is_slow_at_both_ends() -> None:
    ramp = Ramp(start=0.0, end=1.0, shape="cosine")
    assert ramp.at(0.0) == 0.0
    assert ramp.at(0.1) < 0.1
    assert ramp.at(0.5) == pytest.approx(0.5)
    assert ramp.at(0.9) > 0.9
    assert ramp.at(1.0) == 1.0


def test_a_table_in_the_place_of_a_number_moves_it() -> None:
    recipe = parse(HEAD + '[[train.losses]]\ndivergence = "jsd"\nbeta = {start = 0.1, end = 0.9}\nweight = {start = 0, end = 1}\n')
    (loss,) = recipe.train.losses
    assert loss.ramps == {"beta": Ramp(start=0.1, end=0.9), "weight": Ramp(start=0.0, end=1.0)}
    settled = loss.settled({"beta": 0.4, "weight": 0.5})
    assert settled.settings == {"beta": 0.4}
    assert settled.number("weight") == 0.5
    assert parse(dump(recipe)) == recipe


def test_what_moves_has_no_value_of_its_own() -> None:
    with pytest.raises(ValueError, match="weight moves"):
        LossSection(weight=Ramp(start=0.0, end=1.0)).number("weight")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("weight = {start = -1, end = 1}", "weight must be at least 0 all along"),
        ("temperature = {start = 2, end = 0}", "temperature must be at least 0.001 all along"),
        ("weight = {start = 1}", "end"),
        ("weight = {start = 1, end = 2, until = 3}", "until"),
    ],
)
def test_a_ramp_that_cannot_be_is_told(settings: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        parse(HEAD + f"[[train.losses]]\n{settings}\n")
