from __future__ import annotations

from dataclasses import replace

import pytest

from potstill.errors import RecipeError
from potstill.recipe.curation import LabelSection
from potstill.sources.labels import Said, Tally, label, labelled_text, put, ready_labellers
from potstill.types import Message, Prompt

ASKED = Prompt((Message("user", "a?"),), source="x:1")


def test_what_is_said_is_put_and_signed():
    found, changed, conflict = put(ASKED, Said("math", language="en"), "rule:mine")
    assert found == replace(ASKED, domain="math", language="en", labelled_by="rule:mine")
    assert (changed, conflict) == (True, False)
    hazard, *_ = put(ASKED, Said(intent="hazard", family="locks", half="A"), "rule")
    assert (hazard.intent, hazard.family, hazard.half, hazard.labelled_by) == ("hazard", "locks", "A", "rule")
    assert put(ASKED, Said(language="en"), "language")[0].labelled_by == "given"
    assert put(ASKED, None, "rule") == (ASKED, False, False)


@pytest.mark.parametrize(
    ("given", "said", "conflict"),
    [
        ({"domain": "math"}, Said("prose"), True),
        ({"domain": "math"}, Said("math"), False),
        ({"intent": "hazard", "family": "locks", "half": "B"}, Said(intent="hazard", family="locks", half="A"), True),
        ({"intent": "twin"}, Said(intent="hazard"), True),
        ({"intent": "hazard", "family": "locks"}, Said(intent="hazard"), False),
        ({"language": "de"}, Said(language="en"), True),
    ],
)
def test_given_labels_hold_and_others_are_told(given, said, conflict):
    prompt = replace(ASKED, **given)
    assert put(prompt, said, "rule") == (prompt, False, conflict)


def test_a_label_beside_given_ones_is_signed_beside_them():
    assert put(replace(ASKED, domain="math"), Said(intent="hazard"), "rule")[0].labelled_by == "given, rule"
    assert put(replace(ASKED, domain="math", labelled_by="rule"), Said(intent="hazard"), "teacher")[0].labelled_by == "rule, teacher"


def test_the_first_labeller_that_says_something_holds():
    rules = [{"phrases": ["sum"], "domain": "math"}], [{"phrases": ["sum", "tale"], "domain": "prose"}]
    labellers = ready_labellers([LabelSection(kind="rule", name=name, rules=some) for name, some in zip("ab", rules, strict=True)])
    tallies = [Tally(), Tally()]
    prompts = [Prompt((Message("user", text),), source=text) for text in ("a sum", "a tale", "neither")]
    found = label(prompts, labellers, tallies)
    assert [(prompt.domain, prompt.labelled_by) for prompt in found] == [("math", "rule:a"), ("prose", "rule:b"), ("", "given")]
    assert tallies == [Tally(1, 2), Tally(1, 1, 1, "a sum")]


def test_tallies_add_up():
    tally = Tally(1, 2, 0)
    tally.add(Tally(1, 0, 1, "x:2"))
    tally.add(Tally(0, 0, 1, "x:3"))
    assert tally == Tally(2, 2, 2, "x:2")


def test_what_labels_are_told_by():
    turns = (Message("system", "s"), Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    assert labelled_text(Prompt(turns)) == "a\nc"
    assert labelled_text(Prompt((), reference="plain")) == "plain"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"kind": "rul"}, r"prompts\.labels\.0: unknown labeller 'rul'; did you mean 'rule'"),
        ({"kind": "rule", "rule": []}, r"prompts\.labels\.0: unknown key 'rule' for the labeller 'rule'; did you mean 'rules'"),
        ({"kind": "language", "threshold": 2}, r"prompts\.labels\.0: threshold: .*less than or equal to 1"),
    ],
)
def test_faults_of_the_recipe(section, message):
    with pytest.raises(RecipeError, match=message):
        ready_labellers([LabelSection(**section)])
