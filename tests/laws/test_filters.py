"""What every filter must be: deterministic, blind to the order of its input, and able to say why."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from potstill import world
from potstill.curate.base import HARD, Comparing, Context, Item, Measurable, ReadyFilter, ready
from potstill.curate.clean import clean_items, open_clean
from potstill.curate.judging import opinions_table
from potstill.curate.policy import parts
from potstill.recipe import FilterSection
from potstill.recipe.curation import MeasureSection
from potstill.registry import names
from potstill.types import Prompt, Verdict
from tests.curate.small import answer, say
from tests.models.small import ask

PROMPTS = [
    *world.prompts(None, 46, 11),
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
NEEDS: dict[str, dict[str, object]] = {"reward": {"judge": "answer"}, "terms": {"deny": ["CC-BY-NC-4.0"]}}
"""Filter -> the settings without which it cannot be made, or has nothing to find."""
RECALL = {"contamination": 0.8, "refusal": 0.85}
"""Filter -> the share of its faults that it must find, where that is not all."""


def evaluated() -> Iterator[Prompt]:
    """What an evaluation asks, unlike anything in the world."""
    names = ("Mira", "Tomas", "Edda", "Ruben", "Ilse", "Jonas", "Petra", "Anton", "Klara", "Bruno")
    for n, name in enumerate(names):
        question = (
            f"{name} has a bakery that sells {n + 12} loaves every morning and twice as many rolls in the afternoon, but on market days"
            f" {n + 3} of the loaves are given to the school next door. How many loaves and rolls does {name} sell in {n + 2} market days?"
        )
        yield ask(question, reference=str((n + 2) * (3 * (n + 12) - n - 3)), grader="number")


CONTEXT = Context(evaluation=evaluated)


def one_of(name: str) -> ReadyFilter:
    """A fresh filter with what it needs."""
    (one,) = ready([FilterSection(kind=name, **NEEDS.get(name, {}))], "law", CONTEXT)
    return one


def judged(name: str, items: list[Item], size: int = 10_000) -> list[Verdict]:
    return say(name, items, CONTEXT, size, **NEEDS.get(name, {}))


@pytest.mark.parametrize("name", FILTERS)
def test_one_verdict_an_item_in_order(name):
    verdicts = judged(name, ITEMS)
    assert [verdict.trace_id for verdict in verdicts] == [item.id for item in ITEMS]
    assert [verdict.prompt_id for verdict in verdicts] == [item.prompt_id for item in ITEMS]


@pytest.mark.parametrize("name", FILTERS)
def test_every_verdict_says_who_and_why(name):
    one = one_of(name)
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


@pytest.fixture(scope="module")
def clean() -> list[Item]:
    """Right answers of the world to harmless prompts."""
    section = MeasureSection(clean=("world:benign?n=300", "world:twins?n=100"), n=80)
    return clean_items(open_clean(section, 5), section, answers=True, seed=5)


@pytest.mark.parametrize("name", FILTERS)
def test_right_answers_to_harmless_prompts_are_kept(name, clean):
    """False positives on a clean set: none."""
    assert [(verdict.why, verdict.evidence) for verdict in judged(name, clean) if verdict.part != "keep"] == []


def share_found(name: str, clean: list[Item], seed: int) -> tuple[float, int]:
    """Of the plain faults that the filter makes of clean items, as they are injected when it is measured, the share it finds; how many."""
    maker, one = one_of(name), one_of(name)
    assert isinstance(maker.part, Measurable), f"give the filter {name!r} faults that it must find"
    faults = [fault for fault in maker.part.faults(clean, random.Random(seed)) if not fault.kind.startswith(HARD)]
    items = [fault.item for fault in faults]
    if isinstance(one.part, Comparing):
        one.part.collect([*clean, *items])
    found = parts(opinions_table(items, one.part.judge(items)), one).to_pylist()
    return sum(part != "keep" for part in found) / max(len(items), 1), len(items)


@pytest.mark.parametrize("name", FILTERS)
def test_injected_faults_are_found(name, clean):
    share, count = share_found(name, clean, 0)
    assert count >= 10
    assert share >= RECALL.get(name, 1.0)


@pytest.mark.parametrize(
    "name", ["answer", "duplicate", "hazard", "language", "near_duplicate", "pii", "refusal", "repetition", "truncation"]
)
def test_there_are_hard_faults_that_are_no_clean_items(name, clean):
    faults = [fault for fault in one_of(name).part.faults(clean, random.Random(0)) if fault.kind.startswith(HARD)]
    said = {(item.prompt.question, item.text) for item in clean}
    assert len(faults) >= 10
    assert not [fault.kind for fault in faults if (fault.item.prompt.question, fault.item.text) in said]


@pytest.mark.parametrize("name", FILTERS)
def test_faults_follow_the_seed(name, clean):
    first, again = ([(f.kind, f.item) for f in one_of(name).part.faults(clean, random.Random(1))] for _ in range(2))
    assert [(kind, item.id, item.prompt_id, item.text) for kind, item in first] == [
        (kind, item.id, item.prompt_id, item.text) for kind, item in again
    ]
    assert {item.id for _, item in first}.isdisjoint(item.id for item in clean) or one_of(name).reads >= {"scorings"}


@pytest.mark.parametrize("name", FILTERS)
def test_faults_are_made_of_prompts_alone_too(name):
    if one_of(name).reads - {"prompt"}:
        pytest.skip("it judges answers")
    section = MeasureSection(n=30)
    alone = clean_items(open_clean(section, 5), section, answers=False, seed=5)
    share, count = share_found(name, alone, 0)
    assert count >= 10
    assert share >= RECALL.get(name, 1.0)
