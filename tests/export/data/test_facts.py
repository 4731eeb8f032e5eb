import json
from dataclasses import replace
from pathlib import Path

import pytest

from potstill.errors import CapabilityError
from potstill.export.data.card import _drawn
from potstill.export.data.facts import Facts
from potstill.types import TeacherCard
from tests.store.records import CARDS, made


def completion(**changes: object) -> dict[str, object]:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "cost_microusd": None}
    verdicts = [{"by": "answer", "part": "keep", "score": None}, {"by": "hazard", "part": "hazard", "score": 0.9}]
    plain = {
        "decision": {"part": "hazard"},
        "finish_reason": "length",
        "segments": [{"kind": "refusal"}],
        "usage": usage,
        "verdicts": verdicts,
    }
    return {**plain, **changes}


def test_what_was_generated_is_counted(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    priced = {"prompt_tokens": None, "completion_tokens": 1, "cost_microusd": 7}
    facts.generated([completion(), completion(usage=None, decision=None, segments=[]), completion(usage=priced)])
    assert facts.parts == {"hazard": 2, "": 1}
    assert (facts.refused, facts.finish_reasons) == (2, {"length": 3})
    assert (facts.read, facts.written, facts.cost_microusd, facts.priced, facts.unpriced) == (3, 6, 7, 1, 1)
    assert facts.verdicts == {"answer": {"keep": 3, "unjudged": 3}, "hazard": {"hazard": 3, "unjudged": 0}}


def test_what_is_exported_is_counted_apart(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    said = {"teacher": "hf:one", "context": "Be safe.", "sampling": "{}"}
    facts.exported({"licence": "MIT", "completions": [{**said, "token_ids": ids} for ids in ([1], [])]})
    assert (facts.rows, facts.prompts, facts.tokens, facts.uncounted) == (2, 1, 1, 1)
    assert (facts.of_teacher, facts.licences, facts.contexts) == ({"hf:one": 2}, {"MIT": 1}, {"Be safe.": 2})


def test_what_was_revised_after_a_criticism_is_one_count(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    said = {"teacher": "hf:one", "token_ids": [1]}
    whole, step = (json.dumps({"revision": {"how": how}}) for how in ("whole", "step"))
    contexts = (("Answer 1 breaks a rule.", whole), ("Answer 2 does.", whole), ("Be safe.", step), ("", "{}"))
    facts.exported({"licence": "MIT", "completions": [{**said, "context": c, "sampling": s} for c, s in contexts]})
    assert (facts.contexts, facts.criticised) == ({"Be safe.": 1}, 2)
    assert "- 2 rows were revised by the teacher after a criticism" in "\n".join(_drawn(facts))


def test_terms_decide(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    facts.check_terms()
    facts.teachers = (replace(CARDS[0], train_on_outputs="restricted"),)
    assert facts.warnings() == ["hf:one: its terms restrict training others on what it says"]
    facts.teachers = (replace(CARDS[0], train_on_outputs="forbidden"),)
    with pytest.raises(CapabilityError, match="not exported; take another teacher, or mend train_on_outputs"):
        facts.check_terms()
    facts.teachers = (replace(CARDS[0], train_on_outputs="forbidden", accept_terms="we own it"),)
    facts.check_terms()
    assert facts.warnings() == ["hf:one: its terms forbid to train others on what it says; the recipe goes on because: we own it"]


def test_teachers_that_would_be_called_alike_are_numbered(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    facts.teachers = tuple(replace(CARDS[0], name=name) for name in ("hf:/a/hf", "world:base", "hf:/b/hf", "hf:/a/hf"))
    assert dict(facts.published) == {"hf:/a/hf": "hf:…/hf", "world:base": "world:base", "hf:/b/hf": "hf:…/hf (2)"}


def test_a_licence_of_the_shipped_teachers_restrains_nobody(tmp_path: Path) -> None:
    facts = Facts.of(made(tmp_path / "run"), "messages", "keep")
    facts.teachers = (TeacherCard("world:base", licence="Apache-2.0"),)
    assert (facts.restraining(), facts.warnings()) == ([], [])
    facts.teachers = (replace(CARDS[0], licence="LicenseRef-mine", train_on_outputs="unknown"),)
    assert facts.warnings() == ["hf:one: whether its terms let others train on what it says is not known"]
