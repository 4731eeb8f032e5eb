from __future__ import annotations

import random
from dataclasses import replace

import pytest

from potstill.curate.base import Context, ready
from potstill.curate.filters.constitution import ConstitutionFilter, ConstitutionSettings
from potstill.errors import InputError, RecipeError
from potstill.models.base import Spending
from potstill.recipe import FilterSection
from potstill.types import Segment
from tests.curate.small import answer, parts, say, think
from tests.models.small import ask

RULES = """
[[rules]]
name = "sums"
text = "Every equation is right."
kind = "arithmetic"
weight = 3

[[rules]]
name = "sealed"
text = "Name no secret."
kind = "pattern"
phrases = ["lye"]
severity = "hazard"
domains = ["safety"]
"""
TONE = '[[rules]]\nname = "tone"\ntext = "Be kind."\nkind = "teacher"\n'


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return str(path)


def test_defaults():
    assert ConstitutionSettings() == ConstitutionSettings(
        threshold=1.0, part="noise", unjudged="noise", rules="", severity="", critic=None, critic_tokens=512
    )


def test_without_a_file_equations_are_checked():
    texts = ["3-2=1. Answer: 1", "3-2=2. Answer: 2", "3-2=2. Wait, 3-2=1. Answer: 1", "Answer: 1+1=3", ""]
    found = say("constitution", [answer(ask("q"), text) for text in texts])
    assert parts(found) == ["keep", "noise", "keep", "keep", "noise"]
    assert [verdict.score for verdict in found] == [1.0, 0.0, 1.0, 1.0, None]
    bad = found[1]
    assert (bad.evidence, bad.within, bad.start, bad.end) == ("3-2=2.", "answer", 0, 6)
    assert bad.why == "breaks the rule 'arithmetic'"


def test_rules_of_a_file(rules):
    items = [answer(ask("q", domain="safety"), text) for text in ("1+1=2. lye", "1+1=3. ash", "1+1=3. lye", "1+1=2. ash")]
    found = say("constitution", items, rules=rules)
    assert [verdict.score for verdict in found] == [0.75, 0.25, 0.0, 1.0]
    assert parts(found) == ["noise", "noise", "noise", "keep"]
    assert parts(say("constitution", items, rules=rules, threshold=0.5)) == ["keep", "noise", "noise", "keep"]
    hazard = say("constitution", items, rules=rules, severity="hazard", part="hazard")
    assert parts(hazard) == ["hazard", "keep", "hazard", "keep"]


def test_an_answer_that_no_rule_is_for_is_kept(rules):
    (one,) = say("constitution", [answer(ask("q"), "lye")], rules=rules, severity="hazard")
    assert (one.part, one.score, one.why) == ("keep", None, "no rule is for such answers")


def test_the_parts_of_a_trace_are_taken_as_they_are_known():
    item = answer(ask("q"), "Answer: 1+1=3")
    assert parts(say("constitution", [item])) == ["keep"]
    thought = replace(item, trace=replace(item.trace, segments=(Segment("reasoning", 0, 13),)))
    assert parts(say("constitution", [thought])) == ["noise"]


@pytest.mark.parametrize(("reply", "part"), [("VERDICT: KEPT", "keep"), ("VERDICT: BROKEN 1", "noise"), ("I am not sure", "noise")])
def test_a_critic_is_asked_where_one_is_named(tmp_path, reply, part):
    (tmp_path / "rules.toml").write_text(TONE)
    given = {"rules": str(tmp_path / "rules.toml"), "critic": {"model": f"fake:{reply}", "top_k": 0}}
    (one,) = say("constitution", [answer(ask("q"), "You fool.")], **given)
    assert one.part == part
    (other,) = think("constitution", [answer(ask("q"), "You fool.")], **given)
    assert other.score == {"keep": 1.0}.get(part, 0.0 if "BROKEN" in reply else None)


def test_what_cannot_be_is_told_before_anything_is_judged(tmp_path, rules):
    def opened(context=None, **settings):
        return ready([FilterSection(kind="constitution", **settings)], "filters", context)

    with pytest.raises(InputError, match=r"^filters\.0\.rules: no such file or folder: nowhere\.toml"):
        opened(rules="nowhere.toml")
    (tmp_path / "tone.toml").write_text(TONE)
    with pytest.raises(RecipeError, match=r"^filters\.0: a rule asks a teacher, and there is none here; name a `critic`"):
        opened(rules=str(tmp_path / "tone.toml"))
    with pytest.raises(RecipeError, match=r"^filters\.0\.severity: no rule of the severity 'hazard'"):
        opened(severity="hazard")
    critic = {"model": "http://localhost:1/v1#x"}
    with pytest.raises(RecipeError, match=r"^filters\.0\.critic: a budget of dollars needs the critic's price"):
        opened(Context(spending=Spending(usd=1.0)), rules=str(tmp_path / "tone.toml"), critic=critic)


def test_other_rules_are_another_filter(tmp_path, rules):
    def identity():
        (one,) = ready([FilterSection(kind="constitution", rules=rules)], "filters")
        return one.identity

    before = identity()
    assert identity() == before
    (tmp_path / "rules.toml").write_text(RULES.replace("lye", "ash"))
    assert identity() != before


def test_faults_are_what_it_must_find(rules):
    part = ConstitutionFilter(ConstitutionSettings(rules=rules), Context())
    clean = [answer(ask("q", domain="safety"), "1+1=2. Answer: 2"), answer(ask("r"), "Answer: 3")]
    faults = list(part.faults(clean, random.Random(1)))
    assert sorted(fault.kind for fault in faults) == ["false sum", "false sum", "phrase"]
    assert all(opinion.score < 1 for opinion in part.judge([fault.item for fault in faults]))
    assert {opinion.score for opinion in part.judge(clean)} == {1.0}
