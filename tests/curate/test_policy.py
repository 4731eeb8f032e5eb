from __future__ import annotations

import pyarrow as pa
import pytest

from potstill.curate.base import Opinion, ready
from potstill.curate.judging import opinions_table
from potstill.curate.policy import DECISIONS, HALF_B, Policy, Rates, Ruling, count_parts, count_verdicts, decide, verdicts
from potstill.recipe import FilterSection
from potstill.recipe.curation import PolicySection
from potstill.store.tables import SCHEMAS, from_rows, rows
from potstill.types import Verdict
from tests.curate.small import alone, answer
from tests.models.small import ask


def said(*parts, by="f"):
    return from_rows([Verdict(f"t{i}", part, by, f"why {by}") for i, part in enumerate(parts)], Verdict)


def ids(count, reasons=None):
    text = pa.string()
    columns = {
        "trace_id": pa.array([f"t{i}" for i in range(count)], text),
        "prompt_id": pa.array([f"p{i}" for i in range(count)], text),
        "finish_reason": pa.array(reasons or ["stop"] * count, text),
    }
    return pa.table(columns)


def decided(*tables, count=1, reasons=None, **policy):
    table = decide(tables, ids(count, reasons), Policy(**policy))
    assert table.schema == DECISIONS
    assert table["trace_id"].to_pylist() == [f"t{i}" for i in range(count)]
    return list(zip(table["part"].to_pylist(), table["because"].to_pylist(), strict=True))


def test_the_worst_verdict_decides():
    first, second = said("keep", "keep", "noise", "noise", by="a"), said("keep", "noise", "hazard", "noise", by="b")
    expected = [("keep", []), ("noise", ["b: why b"]), ("hazard", ["b: why b"]), ("noise", ["a: why a", "b: why b"])]
    assert decided(first, second, count=4) == expected
    assert decided(count=2) == [("keep", []), ("keep", [])]
    assert decided(count=0) == []


def test_a_policy_may_ask_for_several_votes():
    tables = [said("noise", "noise", "hazard", by="a"), said("keep", "noise", "hazard", by="b"), said("keep", "keep", "keep", by="c")]
    found = decided(*tables, count=3, settings=PolicySection(noise_votes=2, hazard_votes=3))
    assert [part for part, _ in found] == ["keep", "noise", "keep"]
    assert found[2][1] == []


def test_half_b_only_evaluates_whoever_says_what():
    policy = {"evaluates": frozenset({"p0", "p1"}), "rulings": {"t0": Ruling("keep", "fine")}}
    found = decided(said("noise", "hazard", "keep"), count=3, **policy)
    assert found == [("hazard", [HALF_B]), ("hazard", [HALF_B, "f: why f"]), ("keep", [])]


def test_a_person_outranks_filters():
    rulings = {"t0": Ruling("keep", "right after all"), "p1": Ruling("noise", "a bad question"), "t2": Ruling("hazard", "it leaks")}
    found = decided(said("noise", "keep", "keep", "noise"), count=4, rulings=rulings)
    assert found[0] == ("keep", ["human: right after all"])
    assert found[1] == ("noise", ["human: a bad question"])
    assert found[2] == ("hazard", ["human: it leaks"])
    assert found[3] == ("noise", ["f: why f"])


def test_what_was_withheld_is_not_learnt():
    found = decided(said("keep", "noise", "hazard", "keep"), count=4, reasons=["error", "content_filter", "error", "length"])
    assert found[0] == ("noise", ["the answer was withheld: error"])
    assert found[1] == ("noise", ["the answer was withheld: content_filter", "f: why f"])
    assert found[2] == ("hazard", ["f: why f"])
    assert found[3] == ("keep", [])


def opinions(*scores, applies=True):
    prompt = ask("a?")
    items = [answer(prompt, str(i), i) for i in range(len(scores))]
    return opinions_table(items, [Opinion("why", score, applies) for score in scores])


def filter_of(**settings):
    return ready([FilterSection(**settings)], "filters")[0]


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"kind": "answer"}, ["noise", "noise", "keep", "keep"]),
        ({"kind": "answer", "threshold": 0.5}, ["noise", "keep", "keep", "keep"]),
        ({"kind": "answer", "part": "hazard", "unjudged": "noise"}, ["hazard", "hazard", "keep", "noise"]),
        ({"kind": "answer", "part": "keep"}, ["keep"] * 4),
        ({"kind": "hazard"}, ["keep", "hazard", "hazard", "hazard"]),
    ],
)
def test_the_part_follows_from_the_score(settings, parts):
    found = list(rows(verdicts(opinions(0.0, 0.5, 1.0, None), filter_of(**settings)), Verdict))
    assert [verdict.part for verdict in found] == parts
    assert {verdict.by for verdict in found} == {settings["kind"]}


def test_what_does_not_apply_is_kept():
    assert [v.part for v in rows(verdicts(opinions(1.0, None, applies=False), filter_of(kind="hazard")), Verdict)] == ["keep", "keep"]


def test_measured_rates_travel_with_every_verdict():
    table = verdicts(opinions(0.0, 1.0), filter_of(kind="answer"), Rates(0.9, 0.2, 0.01))
    assert table.schema == SCHEMAS[Verdict]
    assert [(v.recall, v.false_positive_rate) for v in rows(table, Verdict)] == [(0.9, 0.01)] * 2
    assert table["recall"].null_count == 0
    assert verdicts(opinions(0.0), filter_of(kind="answer"))["recall"].null_count == 1


def test_counts():
    assert count_parts(iter([decide([said("keep", "noise")], ids(2), Policy())])) == {"keep": 1, "hazard": 0, "noise": 1}
    tables = [verdicts(opinions(0.0, None, applies=applies), filter_of(kind="answer")) for applies in (True, False)]
    assert count_verdicts(iter(tables)) == {"answer": {"keep": 3, "hazard": 0, "noise": 1, "unjudged": 1}}


def test_prompts_alone():
    table = opinions_table([alone(ask("a?"))], [Opinion("why", 1.0)])
    (verdict,) = rows(verdicts(table, filter_of(kind="duplicate")), Verdict)
    assert (verdict.trace_id, verdict.prompt_id, verdict.part) == ("", ask("a?").id, "noise")
