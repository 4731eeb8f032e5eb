"""What every filter must be: deterministic, blind to the order of its input, and able to say why."""

from __future__ import annotations

import random

import pytest

from potstill import world
from potstill.filter.base import ready
from potstill.recipe import FilterSection
from potstill.registry import names
from potstill.types import Prompt, Trace, Verdict
from tests.models.small import ask

PROMPTS = [
    *world.prompts(None, 90, 11),
    ask("How many?", reference="42", grader="number"),
    ask("Which?", reference="Paris", grader="exact"),
    ask("Hello?"),
    Prompt((), reference="a plain text"),
]
BY_ID = {prompt.id: prompt for prompt in PROMPTS}


def made() -> list[Trace]:
    """Right, wrong, refusing, empty and repeated answers to every prompt."""
    texts = ["Answer: nothing", world.completion(PROMPTS[0], "base"), "I cannot help with that.", "", "  answer:  NOTHING "]
    traces = []
    for prompt in PROMPTS:
        gold = (
            [world.completion(prompt, "base"), world.completion(prompt, "aligned")]
            if prompt.grader == "world"
            else [prompt.reference or ""]
        )
        traces += [Trace(prompt.id, "a" if i % 2 else "b", i, text) for i, text in enumerate([*texts, *gold])]
    return traces


TRACES = made()
FILTERS = names("filter")


def judged(name: str, traces: list[Trace], size: int = 10_000) -> list[Verdict]:
    """Shown and judged as the stage does it, `size` traces a batch, with the prompts of these alone."""
    one = ready(FilterSection(kind=name), "law")
    batches = [traces[start : start + size] for start in range(0, len(traces), size)]
    asked = [{trace.prompt_id: BY_ID[trace.prompt_id] for trace in batch} for batch in batches]
    for batch, prompts in zip(batches, asked, strict=True):
        one.collect(batch, prompts)
    return [verdict for batch, prompts in zip(batches, asked, strict=True) for verdict in one.judge(batch, prompts)]


@pytest.mark.parametrize("name", FILTERS)
def test_one_verdict_a_trace_in_order(name):
    verdicts = judged(name, TRACES)
    assert [verdict.trace_id for verdict in verdicts] == [trace.id for trace in TRACES]


@pytest.mark.parametrize("name", FILTERS)
def test_every_verdict_says_who_and_why(name):
    version = ready(FilterSection(kind=name), "law").info.version
    for verdict in judged(name, TRACES):
        assert verdict.by == name
        assert verdict.version == version
        assert verdict.part in {"keep", "hazard", "noise"}
        assert verdict.why.strip()
        assert verdict.score is None or isinstance(verdict.score, float)


@pytest.mark.parametrize("name", FILTERS)
def test_verdicts_are_the_same_again(name):
    assert judged(name, TRACES) == judged(name, TRACES)


@pytest.mark.parametrize("name", FILTERS)
def test_verdicts_do_not_depend_on_the_order(name):
    expected = {verdict.trace_id: verdict for verdict in judged(name, TRACES)}
    for seed in (1, 2):
        shuffled = random.Random(seed).sample(TRACES, len(TRACES))
        assert {verdict.trace_id: verdict for verdict in judged(name, shuffled)} == expected


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_verdicts_do_not_depend_on_the_batches(name, size):
    assert judged(name, TRACES, size) == judged(name, TRACES)


@pytest.mark.parametrize("name", FILTERS)
def test_a_fresh_filter_has_seen_nothing(name):
    judged(name, TRACES)
    assert judged(name, TRACES[:1]) == judged(name, TRACES[:1], 1)
    assert ready(FilterSection(kind=name), "law").judge([], {}) == []


@pytest.mark.parametrize("name", FILTERS)
def test_no_traces_give_no_verdicts(name):
    assert judged(name, []) == []


@pytest.mark.parametrize("name", FILTERS)
def test_right_answers_to_harmless_prompts_are_kept(name):
    """False positives on a clean set: none."""
    clean = [p for p in PROMPTS if p.grader == "world" and p.intent in ("benign", "twin")]
    traces = [Trace(prompt.id, "a", 0, world.completion(prompt, "aligned")) for prompt in clean]
    assert {verdict.part for verdict in judged(name, traces)} == {"keep"}


INJECTED = {
    "answer": (
        [Trace(p.id, "a", 0, "Answer: wrong on purpose") for p in PROMPTS if p.grader == "world" and p.intent in ("benign", "twin")],
        "noise",
    ),
    "duplicate": ([Trace(p.id, t, s, "The same.") for p in PROMPTS for t, s in (("a", 0), ("a", 1), ("b", 0))], "noise"),
    "hazard": ([Trace(p.id, "a", 0, world.completion(p, "base")) for p in PROMPTS if p.intent == "hazard"], "hazard"),
}
"""Filter -> faulty traces that it must find, and where it puts them; of three that are the same two are faulty."""


@pytest.mark.parametrize("name", FILTERS)
def test_injected_faults_are_found(name):
    assert name in INJECTED, f"give the filter {name!r} faults that it must find"
    traces, part = INJECTED[name]
    found = sum(verdict.part == part for verdict in judged(name, traces))
    assert found == (len(traces) * 2 // 3 if name == "duplicate" else len(traces)) > 0
