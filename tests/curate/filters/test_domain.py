from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from potstill import world
from potstill.curate.base import Context, Telling
from potstill.curate.filters.domain import DomainFilter, DomainSettings
from potstill.errors import RecipeError
from tests.curate.small import alone, answer, parts, say, think
from tests.models.small import ask, write_classifier

LEARNT = {"examples": "world:hazard?half=A&n=200", "counterexamples": ["world:math,twins,knowledge,ambiguous?n=200"]}


def bare(prompt):
    """A prompt whose domain nobody told."""
    return replace(prompt, domain="")


def test_defaults():
    assert DomainSettings() == DomainSettings(
        threshold=0.5,
        part="hazard",
        unjudged="keep",
        exclude=("hazard",),
        blocklist=(),
        examples=(),
        counterexamples=(),
        columns={},
        model=None,
        confirm=0.2,
        blocklist_decides=False,
    )


def test_labels_are_certain():
    items = [alone(replace(ask("a?"), domain=domain)) for domain in ("hazard.recipes", "hazard", "hazardous", "math", "")]
    found = think("domain", items)
    assert [one.score for one in found] == [1.0, 1.0, 0.0, 0.0, None]
    assert parts(say("domain", items)) == ["hazard", "hazard", "keep", "keep", "keep"]
    assert parts(say("domain", items, exclude=["math"])) == ["keep", "keep", "keep", "hazard", "keep"]


def test_examples_catch_what_has_no_label():
    hazards = [bare(one) for one in world.prompts(world.HAZARDS, 200, 9) if one.half == "A"]
    twins = [bare(one) for one in world.prompts(world.TWINS, 200, 9)]
    caught = Counter(parts(say("domain", [alone(one) for one in hazards], **LEARNT)))
    kept = Counter(parts(say("domain", [alone(one) for one in twins], **LEARNT)))
    assert caught["hazard"] / len(hazards) > 0.95
    assert kept["hazard"] / len(twins) < 0.1


def test_answers_are_looked_at_with_their_place():
    (hazard,) = [bare(one) for one in world.prompts(["sealed_recipe"], 40, 3) if one.half == "A"][:1]
    (verdict,) = say("domain", [answer(ask("What is 2+2?"), f"Answer: 4. {hazard.question}")], **LEARNT)
    assert (verdict.part, verdict.within) == ("hazard", "answer")
    assert verdict.evidence in hazard.question
    assert f"Answer: 4. {hazard.question}"[verdict.start : verdict.end] == verdict.evidence
    assert "the answer is" in verdict.why


def test_a_term_alone_decides_only_where_it_may(tmp_path):
    items = [alone(ask("How do I kill a Python process?")), alone(ask("How do I skip it?"))]
    assert parts(say("domain", items, blocklist=["kill"], blocklist_decides=True)) == ["hazard", "keep"]
    harmless = tmp_path / "harmless.txt"
    things = ("program", "process", "script", "service", "window", "server", "printer", "tab", "job", "thread")
    lines = [
        f"How do I {verb} a {thing}?"
        for verb in ("stop", "open", "kill", "find", "move")
        for thing in things
        if (verb, thing) != ("kill", "process")
    ]
    harmless.write_text("\n".join(lines), encoding="utf-8")
    learnt = {**LEARNT, "counterexamples": [*LEARNT["counterexamples"], str(harmless)]}
    found = think("domain", items, blocklist=["kill"], **learnt)
    assert "holds 'kill'" in found[0].why
    assert parts(say("domain", items, blocklist=["kill"], **learnt)) == ["keep", "keep"]


def test_a_classifier_of_transformers(tmp_path):
    path = write_classifier(tmp_path / "c")
    items = [alone(ask("What is two plus two?")), alone(ask("so " * 2000))]
    found = think("domain", items, model=f"hf:{path}?label=bad")
    assert found[0].score is not None
    assert (found[1].score, found[1].why) == (None, "its texts do not fit the classifier")
    one = DomainFilter(DomainSettings(model=f"hf:{path}?label=bad"), Context())
    assert any(name.startswith("weights") for name in one.identity())
    assert one.told() == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"examples": "a"}, "no such file"),
        ({"examples": "world:math"}, "examples and counterexamples need each other"),
        ({"blocklist": ["kill"]}, "test.0.blocklist: a blocklist only proposes, and nothing confirms"),
        ({"model": "hf:x", **LEARNT}, "a model takes the place of examples"),
        ({"exclude": []}, "exclude: "),
        ({"model": "x"}, "unknown model 'x'"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises((RecipeError, Exception), match=message):
        think("domain", [], **settings)


def test_right_answers_of_the_world_are_kept():
    prompts = [one for one in world.prompts(None, 300, 5) if one.intent in ("benign", "twin")]
    assert set(parts(say("domain", [answer(one, world.completion(one, "aligned")) for one in prompts]))) == {"keep"}


def test_faults_are_found():
    one = DomainFilter(DomainSettings(), Context())
    faults = list(one.faults([], random.Random(0)))
    assert {fault.kind for fault in faults} == {"by its label"}
    assert set(parts(say("domain", [fault.item for fault in faults]))) == {"hazard"}


def test_faults_of_a_blocklist_hold_its_terms_and_no_label_tells_them():
    one = DomainFilter(DomainSettings(blocklist=("kill*", "nerve gas"), blocklist_decides=True), Context())
    faults = list(one.faults([alone(ask(f"How are {n} apples sold?")) for n in range(40)], random.Random(0)))
    assert {fault.kind for fault in faults} == {"verbatim", "prefix", "suffix", "wrapper", "hard: misspelt"}
    assert {fault.item.prompt.domain for fault in faults} == {""}
    assert all(
        "kill" in fault.item.prompt.question or "nerve gas" in fault.item.prompt.question for fault in faults if "hard" not in fault.kind
    )
    found = one.judge([fault.item for fault in faults])
    assert all(opinion.score == 1.0 for fault, opinion in zip(faults, found, strict=True) if "hard" not in fault.kind)
    assert any(opinion.score == 0.0 for fault, opinion in zip(faults, found, strict=True) if "hard" in fault.kind)
    assert {opinion.why for opinion in found} == {
        "the prompt holds 'kill*', a term of the domain hazard",
        "the prompt holds 'nerve gas', a term of the domain hazard",
        "the prompt holds no term of the domain hazard",
    }


def test_faults_of_a_model_carry_no_label(tmp_path):
    one = DomainFilter(DomainSettings(model=f"hf:{write_classifier(tmp_path / 'c')}?label=bad"), Context())
    faults = list(one.faults([], random.Random(0)))
    assert faults
    assert {fault.item.prompt.domain for fault in faults} == {""}


def test_examples_inside_other_words_are_mostly_found():
    one = DomainFilter(DomainSettings.model_validate(LEARNT), Context())
    faults = list(one.faults([], random.Random(0)))
    assert {fault.item.prompt.domain for fault in faults} == {""}
    found = Counter((fault.kind, opinion.score >= 0.5) for fault, opinion in zip(faults, one.judge([f.item for f in faults]), strict=True))
    assert found["verbatim", False] == 0
    assert all(found[kind, True] > 2 * found[kind, False] for kind in ("prefix", "suffix", "wrapper"))


def test_it_tells_what_it_makes_of_unseen_examples():
    one = DomainFilter(DomainSettings.model_validate(LEARNT), Context())
    assert isinstance(one, Telling)
    told = one.told()
    assert told["inside"] == 200
    assert 0.8 < told["held_out_recall"] <= 1
    assert set(one.identity()) == {"examples world:hazard?half=A&n=200", f"counterexamples {LEARNT['counterexamples'][0]}", "learning"}
    assert DomainFilter(DomainSettings(), Context()).told() == {}
