"""What every filter must be: deterministic, blind to the order of its input, and able to say why."""

from __future__ import annotations

import random

import pytest

from potstill import world
from potstill.curate.base import Item, ready
from potstill.recipe import FilterSection
from potstill.registry import names
from potstill.types import Prompt, Verdict
from tests.curate.small import answer, say
from tests.models.small import ask

PROMPTS = [
    *world.prompts(None, 90, 11),
    ask("How many?", reference="42", grader="number"),
    ask("Which?", reference="Paris", grader="exact"),
    ask("Hello?"),
    Prompt((), reference="a plain text"),
]


def made() -> list[Item]:
    """Right, wrong, refusing, empty and repeated answers to every prompt."""
    texts = ["Answer: nothing", world.completion(PROMPTS[0], "base"), "I cannot help with that.", "", "  answer:  NOTHING "]
    items = []
    for prompt in PROMPTS:
        gold = (
            [world.completion(prompt, "base"), world.completion(prompt, "aligned")]
            if prompt.grader == "world"
            else [prompt.reference or ""]
        )
        items += [answer(prompt, text, i, "a" if i % 2 else "b") for i, text in enumerate([*texts, *gold])]
    return items


ITEMS = made()
FILTERS = names("filter")


def judged(name: str, items: list[Item], size: int = 10_000) -> list[Verdict]:
    return say(name, items, size=size)


@pytest.mark.parametrize("name", FILTERS)
def test_one_verdict_an_item_in_order(name):
    verdicts = judged(name, ITEMS)
    assert [verdict.trace_id for verdict in verdicts] == [item.id for item in ITEMS]
    assert [verdict.prompt_id for verdict in verdicts] == [item.prompt_id for item in ITEMS]


@pytest.mark.parametrize("name", FILTERS)
def test_every_verdict_says_who_and_why(name):
    (one,) = ready([FilterSection(kind=name)], "law")
    for verdict in judged(name, ITEMS):
        assert verdict.by == name
        assert verdict.version == one.info.version
        assert verdict.part in {"keep", "hazard", "noise"}
        assert verdict.why.strip()
        assert verdict.score is None or isinstance(verdict.score, float)


@pytest.mark.parametrize("name", FILTERS)
def test_evidence_stands_where_it_says(name):
    texts = {item.id: item for item in ITEMS}
    for verdict in judged(name, ITEMS):
        item = texts[verdict.trace_id]
        whole = {"prompt": item.prompt.question, "reference": item.prompt.reference, "answer": item.text}.get(verdict.within)
        assert (whole is None) == (verdict.start is None) == (verdict.end is None)
        if whole is not None:
            assert 0 <= verdict.start <= verdict.end <= len(whole)


@pytest.mark.parametrize("name", FILTERS)
def test_verdicts_are_the_same_again(name):
    assert judged(name, ITEMS) == judged(name, ITEMS)


@pytest.mark.parametrize("name", FILTERS)
def test_verdicts_do_not_depend_on_the_order(name):
    expected = {verdict.trace_id: verdict for verdict in judged(name, ITEMS)}
    for seed in (1, 2):
        shuffled = random.Random(seed).sample(ITEMS, len(ITEMS))
        assert {verdict.trace_id: verdict for verdict in judged(name, shuffled)} == expected


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_verdicts_do_not_depend_on_the_batches(name, size):
    assert judged(name, ITEMS, size) == judged(name, ITEMS)


@pytest.mark.parametrize("name", FILTERS)
def test_a_fresh_filter_has_seen_nothing(name):
    judged(name, ITEMS)
    assert judged(name, ITEMS[:1]) == judged(name, ITEMS[:1], 1)


@pytest.mark.parametrize("name", FILTERS)
def test_no_items_give_no_verdicts(name):
    assert judged(name, []) == []


@pytest.mark.parametrize("name", FILTERS)
def test_right_answers_to_harmless_prompts_are_kept(name):
    """False positives on a clean set: none."""
    clean = [p for p in PROMPTS if p.grader == "world" and p.intent in ("benign", "twin")]
    items = [answer(prompt, world.completion(prompt, "aligned"), teacher="a") for prompt in clean]
    assert {verdict.part for verdict in judged(name, items)} == {"keep"}


INJECTED = {
    "constitution": ([answer(p, "2+2=5. Answer: 5") for p in PROMPTS], "noise"),
    "answer": ([answer(p, "Answer: wrong on purpose") for p in PROMPTS if p.grader == "world" and p.intent in ("benign", "twin")], "noise"),
    "duplicate": ([answer(p, "The same.", s, t) for p in PROMPTS for t, s in (("a", 0), ("a", 1), ("b", 0))], "noise"),
    "hazard": ([answer(p, world.completion(p, "base")) for p in PROMPTS if p.intent == "hazard"], "hazard"),
}
"""Filter -> faulty answers that it must find, and where it puts them; of three that are the same two are faulty."""


@pytest.mark.parametrize("name", FILTERS)
def test_injected_faults_are_found(name):
    assert name in INJECTED, f"give the filter {name!r} faults that it must find"
    items, part = INJECTED[name]
    found = sum(verdict.part == part for verdict in judged(name, items))
    assert found == (len(items) * 2 // 3 if name == "duplicate" else len(items)) > 0
