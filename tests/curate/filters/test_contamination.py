from __future__ import annotations

import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from potstill.curate.base import Context, Measurable
from potstill.curate.filters.contamination import ContaminationFilter, ContaminationSettings
from potstill.errors import RecipeError
from potstill.types import Message, Prompt
from tests.curate.small import alone, answer, say, think
from tests.models.small import ask

DATA = Path(os.environ.get("POTSTILL_DATA", "../shared/data"))
ITEM = "A farmer keeps 12 brown hens in the old barn behind the mill. How many eggs do 12 hens lay in a week?"
RATIONALE = "Every hen lays one egg a day, so it is seven eggs for each hen in a week."
EVALUATION = [ask(ITEM, reference="84", rationale=RATIONALE), ask("Who wrote Hamlet?")]
CONTEXT = Context(evaluation=lambda: iter(EVALUATION))
CLEAN = [
    ask(f"{name} has {i + 2} {thing} and buys {i + 5} more at the shop near the {place}. How many {thing} has {name} now?")
    for i, (name, thing, place) in enumerate([("Ann", "pens", "lake"), ("Ben", "cups", "church"), ("Cem", "maps", "station")] * 4)
]


def opinion(item, **settings):
    (found,) = think("contamination", [item], CONTEXT, **settings)
    return found


@pytest.mark.parametrize("settings", [{"against": []}, {"over": []}, {"threshold": 0}, {"threshold": 1.5}])
def test_settings_that_would_find_nothing_or_everything_are_refused(settings):
    with pytest.raises(RecipeError, match=f"{next(iter(settings))}: "):
        think("contamination", [], **settings)


def test_defaults():
    settings = ContaminationSettings()
    assert settings.against == ("evaluation",)
    assert settings.over == ("prompt", "reference", "answer")
    assert (settings.threshold, settings.part, settings.unjudged, settings.templates) == (0.6, "noise", "keep", True)


def test_an_item_that_is_asked():
    found = opinion(alone(ask(ITEM)))
    assert (found.score, found.within, found.start, found.end) == (1.0, "prompt", 0, len(ITEM) - 1)
    assert found.why == f"is an evaluation item: {EVALUATION[0].id}"
    assert found.evidence == ITEM[:-1]


def test_an_item_between_other_words():
    asked = f"Here is a task.\n{ITEM.upper()}\nThink first."
    found = opinion(alone(ask(asked)))
    assert found.score == 1.0
    assert asked[found.start : found.end] == found.evidence == ITEM.upper()[:-1]
    assert "has words of" in found.why


def test_other_numbers_and_names():
    asked = ITEM.replace("12", "370")
    found = opinion(alone(ask(asked)))
    assert found.score == pytest.approx(1.0)
    assert "template" in found.why
    assert opinion(alone(ask(asked)), templates=False).score < 0.6


def test_an_item_in_an_answer():
    text = f"Let me think. {RATIONALE} So 84."
    found = opinion(answer(ask("How much?"), text))
    assert (found.score, found.within, text[found.start : found.end]) == (1.0, "answer", RATIONALE[:-1])
    assert opinion(answer(ask("How much?"), text), over=("prompt",)).score == 0.0


def test_an_item_in_a_reference_a_rationale_or_an_earlier_turn():
    found = opinion(alone(ask("How much?", reference=ITEM)))
    assert (found.score, found.within, found.start) == (1.0, "reference", 0)
    found = opinion(alone(ask("How much?", rationale=RATIONALE)))
    assert (found.score, found.within, found.start, found.evidence) == (1.0, "", None, RATIONALE[:-1])
    talk = Prompt((Message("user", ITEM), Message("assistant", "84"), Message("user", "Why?")))
    found = opinion(alone(talk))
    assert (found.score, found.within, found.end) == (1.0, "", None)


def test_a_short_item_is_only_asked():
    assert opinion(alone(ask("Who wrote HAMLET"))).score == 1.0
    assert opinion(answer(ask("Hm?"), "Who wrote Hamlet?")).score == 0.0


def test_nothing_in_common():
    for prompt in (*CLEAN, ask(""), ask("?"), Prompt((), reference="Once upon a time")):
        found = opinion(answer(prompt, ""))
        assert (found.score, found.why, found.within) == (0.0, "has nothing of the evaluation items", "")


def test_without_evaluation_items_nothing_can_be_judged():
    (found,) = think("contamination", [alone(ask(ITEM))])
    assert (found.score, found.why) == (None, "could not be judged: there are no evaluation items")
    assert [v.part for v in say("contamination", [alone(ask(ITEM))])] == ["keep"]
    assert think("contamination", [alone(ask(ITEM))], Context(evaluation=lambda: iter([ask(""), ask("…")])))[0].score in (None, 0.0)


def test_a_long_quotation_is_shown_in_part():
    long = " ".join(f"word{i}" for i in range(200))
    (found,) = think("contamination", [alone(ask(long))], Context(evaluation=lambda: iter([ask(long)])))
    assert (found.start, found.end, len(found.evidence)) == (0, 300, 300)


def test_the_threshold_decides():
    half = " ".join(ITEM.split()[:12])
    found = opinion(alone(ask(half)))
    assert found.score == pytest.approx(10 / 19)
    assert [v.part for v in say("contamination", [alone(ask(half))], CONTEXT)] == ["keep"]
    assert [v.part for v in say("contamination", [alone(ask(half))], CONTEXT, threshold=0.5)] == ["noise"]


def made(against=None, **columns):
    settings = ContaminationSettings(against=(against,), columns=columns) if against else ContaminationSettings()
    return ContaminationFilter(settings, CONTEXT)


@pytest.mark.parametrize("items", [[alone(p) for p in CLEAN], [answer(p, "It is so. " * 3) for p in CLEAN]], ids=["prompts", "answers"])
def test_faults_are_found(items):
    one = made()
    assert isinstance(one, Measurable)
    faults = list(one.faults(items, random.Random(0)))
    assert Counter(fault.kind for fault in faults) == {"verbatim": 2, "prefix_suffix": 2, "numbers": 1, "paraphrase": 1}
    found = dict(zip(((f.kind, f.item.id) for f in faults), (o.score >= 0.6 for o in one.judge([f.item for f in faults])), strict=True))
    missed = [kind for (kind, _), hit in found.items() if not hit]
    assert missed in ([], ["prefix_suffix"])
    assert [f.item.id for f in made().faults(items, random.Random(0))] == [f.item.id for f in faults]
    assert not {f.item.id for f in faults} & {item.id for item in items}


def test_identity_names_the_sets():
    assert set(made().identity()) == {"against evaluation", "overlap"}


@pytest.mark.skipif(not (DATA / "gsm8k").is_dir(), reason="the shared data are not there")
def test_real_items_are_found_and_real_training_rows_kept():
    rows = [json.loads(line) for line in (DATA / "gsm8k" / "train.jsonl").read_text().splitlines()[:2000]]
    clean = [alone(ask(row["question"], reference=row["answer"])) for row in rows]
    one = made(str(DATA / "gsm8k" / "test.jsonl"), prompt="question", reference="answer")
    assert sum(found.score >= 0.6 for found in one.judge(clean)) <= 0.005 * len(clean)
    faults = list(one.faults(clean, random.Random(0)))
    found = one.judge([fault.item for fault in faults])
    hits = Counter(fault.kind for fault, told in zip(faults, found, strict=True) if told.score >= 0.6)
    assert (hits["verbatim"], hits["prefix_suffix"]) == (200, 200)
    assert hits["numbers"] >= 190
    assert hits["paraphrase"] >= 180


@pytest.mark.skipif(not (DATA / "flan_cot").is_dir(), reason="the shared data are not there")
def test_natural_contamination_is_found():
    """Most questions of ECQA stand in CommonsenseQA's training set too, with other words around them."""
    lines = (DATA / "flan_cot" / "ecqa_train.tsv").read_text().splitlines()[:1000]
    rows = [json.loads(line) for line in (DATA / "dsbs" / "cqa" / "cqa_train.json").read_text().splitlines()]
    known = {" ".join(row["question"].lower().split()) for row in rows}
    asked = [line.split("\t")[0] for line in lines]
    shared = [" ".join(text.partition("\\nOptions")[0].lower().split()) in known for text in asked]
    assert sum(shared) > 500
    one = made(str(DATA / "dsbs" / "cqa" / "cqa_train.json"), prompt="question")
    found = [told.score >= 0.6 for told in one.judge([alone(ask(text.replace("\\n", "\n"))) for text in asked])]
    assert sum(hit for hit, same in zip(found, shared, strict=True) if same) >= 0.99 * sum(shared)
    assert sum(hit for hit, same in zip(found, shared, strict=True) if not same) <= 0.02 * (len(asked) - sum(shared))
