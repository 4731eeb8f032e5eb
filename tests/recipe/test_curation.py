from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.recipe import parse
from tests.recipe.test_sections import HEAD


def test_a_filter_takes_its_own_settings() -> None:
    recipe = parse(HEAD + '[[filters]]\nkind = "length"\nlongest = 5\nwords = ["a"]\n')
    assert recipe.filters[0].settings == {"longest": 5, "words": ["a"]}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{target = {a = 0.5}, temperature = 2}", "exclude each other"),
        ("{target = {a = 0.7, b = 0.6}}", "together at most 1"),
        ("{target = {a = -0.1}}", "together at most 1"),
        ("{by = []}", "names nothing"),
    ],
)
def test_a_balance_that_cannot_be(settings: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(f"{HEAD}balance = {settings}\n")


def test_a_balance_names_one_label_or_several() -> None:
    for by, labels in (('"skill"', ("skill",)), ('["domain", "length"]', ("domain", "length"))):
        balance = parse(f"{HEAD}balance = {{by = {by}}}\n").prompts.balance
        assert balance is not None
        assert balance.labels == labels


def test_a_split_leaves_something_and_may_validate() -> None:
    with pytest.raises(RecipeError, match="leave nothing"):
        parse(f"{HEAD}split = {{validation = 0.5, evaluation = 0.5}}\n")
    assert parse(f"{HEAD}split = {{validation = 0.1}}\n[train]\nvalidate_every = 5\n").train.validate_every == 5


def test_a_source_is_a_name_or_a_table_and_is_written_as_it_was() -> None:
    recipe = parse(HEAD.replace('["a.jsonl"]', '["a.jsonl", {source = "b.csv", limit = 3}]'))
    assert recipe.prompts.names == ("a.jsonl", "b.csv")
    assert [one.limit for one in recipe.prompts.sources] == [None, 3]
    assert recipe.prompts.model_dump(mode="json", exclude_none=True)["sources"] == ["a.jsonl", {"source": "b.csv", "limit": 3}]


def test_the_defaults_of_a_policy_and_of_measuring() -> None:
    recipe = parse(HEAD)
    assert recipe.policy.model_dump() == {"hazard_votes": 1, "noise_votes": 1}
    assert (tuple(one.source for one in recipe.measure.clean), recipe.measure.n, recipe.measure.faults) == (("world:benign",), 500, 200)
    assert (recipe.prompts.filters, recipe.prompts.balance, recipe.prompts.split) == ((), None, None)
