from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from potstill import world
from potstill.curate.strata import LABELS, binned, check_by, efforts, lengths, strata, texts, words_in
from potstill.errors import RecipeError
from potstill.store.tables import from_rows
from potstill.types import Message, Prompt

ASKED = Prompt(
    (Message("system", "Be brief."), Message("user", "How many  legs\nhave two cats?")),
    domain="math.count",
    skill="legs",
    reference="8",
    rationale="Two times four.",
    source="data/a.jsonl:12",
    language="en",
)
PLAIN = Prompt((), reference="Once upon a time there was a fig.", source="world:2/fact/job")


def table(*prompts: Prompt) -> pa.Table:
    return from_rows(prompts, Prompt)


def test_a_stratum_is_the_labels_side_by_side() -> None:
    assert strata(table(ASKED, PLAIN), ["broad_domain", "language"]) == ["math|en", "none|none"]


def test_a_twin_and_a_row_of_an_array_are_of_their_file() -> None:
    rows = [replace(ASKED, source=source) for source in ("stress:base64 of a.json row 7", "stress:base64 of a.json row 12 (twin)")]
    assert strata(table(*rows), ["source"]) == ["stress:base64 of a.json"] * 2


def test_a_source_is_told_without_its_row() -> None:
    assert strata(table(ASKED, PLAIN), ["source"]) == ["data/a.jsonl", "world:2"]


def test_words_of_all_turns_count_and_those_of_plain_text() -> None:
    assert lengths(table(ASKED, PLAIN)).tolist() == [8, 8]


def test_what_a_prompt_says_is_what_users_say() -> None:
    assert texts(table(ASKED, PLAIN)) == ["How many  legs\nhave two cats?", PLAIN.reference]


def test_a_difficulty_is_what_leads_to_the_answer() -> None:
    assert efforts(table(ASKED, replace(ASKED, rationale=None), replace(ASKED, rationale=None, reference=None))).tolist() == [3, 1, -1]


def test_an_empty_text_has_no_words_and_a_missing_one_is_told() -> None:
    assert words_in(pa.chunked_array([["", " ", "a b", None]], pa.string())).tolist() == [0, 0, 2, -1]


def test_ranges_hold_about_as_many_each() -> None:
    labels = binned(np.array([*range(1, 9), -1]), "words")
    assert labels == ["1-2 words"] * 2 + ["3-4 words"] * 2 + ["5-6 words"] * 2 + ["7-8 words"] * 2 + ["none"]


def test_sizes_that_are_all_alike_are_one_range() -> None:
    assert binned(np.array([3, 3, 3]), "words") == ["3 words"] * 3
    assert binned(np.array([-1]), "words") == ["none"]


def test_an_unknown_label_is_told_with_what_it_may_mean() -> None:
    with pytest.raises(RecipeError, match="no label 'domian'") as caught:
        check_by(["domian"], "prompts.balance.by")
    assert "domain" in str(caught.value)


@pytest.mark.parametrize("name", LABELS)
def test_every_prompt_has_a_label_of_every_kind(name: str) -> None:
    found = strata(from_rows(world.prompts(None, 90, 1), Prompt), [name])
    assert len(found) == 90
    assert all(found)
