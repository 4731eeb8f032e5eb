from __future__ import annotations

import importlib.util
import json
from dataclasses import replace

import pytest

from potstill.errors import RecipeError
from potstill.recipe.curation import LabelSection
from potstill.sources.labelling import prompt_of
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
        ({"labelled_by": "given (benign)"}, Said(intent="hazard"), True),
        ({"labelled_by": "given (benign)"}, Said(intent="benign"), False),
        ({"source": "world:2/fact"}, Said(intent="hazard"), True),
    ],
)
def test_given_labels_hold_and_others_are_told(given, said, conflict):
    prompt = replace(ASKED, **given)
    assert put(prompt, said, "rule") == (prompt, False, conflict)


def test_a_label_beside_given_ones_is_signed_beside_them():
    assert put(replace(ASKED, domain="math"), Said(intent="hazard"), "rule")[0].labelled_by == "given, rule"
    assert put(replace(ASKED, domain="math", labelled_by="rule"), Said(intent="hazard"), "teacher")[0].labelled_by == "rule, teacher"


def test_a_labeller_that_says_benign_is_heard_and_holds():
    benign, changed, _ = put(ASKED, Said(intent="benign"), "teacher")
    assert (benign.intent, benign.labelled_by, changed) == ("benign", "teacher (benign)", True)
    assert put(benign, Said(intent="hazard"), "rule") == (benign, False, True)


def test_a_labeller_that_may_overrule_does_except_of_half_b():
    said = Said("locks", "hazard", "locks", "A")
    for given in ({"labelled_by": "given (benign)", "domain": "home"}, {"intent": "hazard", "family": "keys", "half": "A"}):
        found, changed, conflict = put(replace(ASKED, **given), said, "rule", overrule=True)
        assert (found.domain, found.intent, found.family, found.half, changed, conflict) == ("locks", "hazard", "locks", "A", True, False)
        assert found.labelled_by.endswith(", rule")
    held_out = replace(ASKED, domain="keys", intent="hazard", family="keys", half="B")
    assert put(held_out, said, "rule", overrule=True) == (held_out, False, True)


def every_labeller(tmp_path):
    """A section of each kind that says of everything that it is a hazard of locks, in English."""
    words = [{"text": f"{word} {n}", "label": label} for n in range(9) for word, label in (("tell me how", "locks"), ("soup", "none"))]
    (tmp_path / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in words))
    rule = {"patterns": ["."], "intent": "hazard", "family": "locks", "half": "A"}
    yield {"kind": "rule", "rules": [rule]}
    yield {"kind": "classifier", "examples": str(tmp_path / "examples.jsonl"), "of": "family", "threshold": 0.0}
    yield {"kind": "teacher", "model": "fake:locks", "of": "family", "labels": ["locks", "none"]}
    if importlib.util.find_spec("py3langid"):
        yield {"kind": "language", "threshold": 0.0}


def test_no_kind_of_labeller_outranks_what_a_row_says_unless_the_recipe_lets_it(tmp_path):
    text = "tell me how many apples are left over when two of the children have eaten three of them"
    plain, given = ({"prompt": text}, {"prompt": text, "intent": "benign", "domain": "sums", "language": "de"})
    for section in every_labeller(tmp_path):
        for row, overrule, changed in ((plain, False, True), (given, False, False), (given, True, True)):
            prompt = prompt_of(row, "x.jsonl:1", {})
            labellers = ready_labellers([LabelSection(**section, overrule=overrule)])
            (found,) = label([prompt], labellers, tallies := [Tally()])
            told = (found.intent, found.language) != (prompt.intent, prompt.language)
            assert told == changed == bool(tallies[0].labelled), (section, row, overrule)
            assert bool(tallies[0].conflicts) == (not changed)


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
