from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.types import (
    Finding,
    Manifest,
    Message,
    Prompt,
    Scorecard,
    TeacherCard,
    Trace,
    Usage,
    canonical_json,
    content_id,
    is_barred,
    may_train,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def test_canonical_json_by_hand() -> None:
    assert canonical_json({"b": 1, "a": [1, "é"]}) == '{"a":[1,"é"],"b":1}'


def test_content_id_by_hand() -> None:
    # printf '[["user","hi"]]' | sha256sum
    assert content_id([["user", "hi"]]) == "897be8e1f0370e7f"


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON.filter(lambda v: "\ud800" not in str(v))))
def test_content_id_is_blind_to_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical_json(turned) == canonical_json(value)


def test_content_id_is_the_same_in_every_process() -> None:
    code = "from potstill.types import content_id; print(content_id({'a': {'b': [1.5, None]}, 'z': 'é'}))"
    ids = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ".", "PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert ids == {content_id({"z": "é", "a": {"b": [1.5, None]}})}


def test_a_prompt_is_known_by_its_conversation() -> None:
    prompt = Prompt((Message("user", "1+1?"),), source="a")
    assert prompt.id == Prompt((Message("user", "1+1?"),), source="b", reference="2").id
    assert prompt.id != Prompt((Message("system", "1+1?"),)).id
    assert Prompt((), reference="once upon").id != Prompt((), reference="a time").id


def test_the_question_is_the_last_user_turn() -> None:
    turns = (Message("system", "s"), Message("user", "first"), Message("assistant", "a"), Message("user", "second"))
    assert Prompt(turns).question == "second"
    assert Prompt(()).question == ""


def test_a_broad_domain_holds_the_narrow_ones() -> None:
    algebra, math = Prompt((), domain="math.algebra"), Prompt((), domain="math")
    assert algebra.within(("math",))
    assert math.within(("code", "math"))
    assert not Prompt((), domain="mathematics").within(("math",))
    assert not math.within(("math.algebra",))
    assert not Prompt(()).within(())


def test_traces_differ_by_draw_and_text() -> None:
    first = Trace("p", "world:base", 0, "two")
    ids = {
        first.id,
        dataclasses.replace(first, sample=1).id,
        dataclasses.replace(first, text="2").id,
        dataclasses.replace(first, teacher="t").id,
    }
    assert len(ids) == 4
    assert dataclasses.replace(first, finish_reason="length").id == first.id


def test_a_trace_without_settings_was_only_scored() -> None:
    assert Trace("p", "hf:a", 0, "two").scored
    assert not Trace("p", "hf:a", 0, "two", sampling='{"seed":3}').scored


def test_the_vocabulary_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Message("user", "hi").content = "ho"  # type: ignore[misc]


def test_a_scorecard_finds_and_passes() -> None:
    finding = Finding("capability", "accuracy", "student", "all", 0.5, n=10)
    card = Scorecard((finding,))
    assert card.passed
    assert card.find("accuracy") is finding
    assert card.find("accuracy", subject="teacher") is None
    assert not Scorecard((finding,), missed=("accuracy",)).passed


def test_a_manifest_comes_back() -> None:
    manifest = Manifest("s", "i", "c", {"a": [1]}, {}, {"f": "h"}, {"p": "1"}, 0, "r", {}, "t0", "t1", {"n": 1})
    assert Manifest.from_json(manifest.to_json()) == manifest
    values = json.loads(manifest.to_json())
    with pytest.raises(TypeError):
        Manifest.from_json(json.dumps({**values, "unknown": 1}))
    del values["stage"]
    with pytest.raises(TypeError):
        Manifest.from_json(json.dumps(values))


def test_a_lone_surrogate_has_an_identity_too() -> None:
    assert Prompt((Message("user", "a \ud800 b"),)).id != Prompt((Message("user", "a \ud801 b"),)).id


@pytest.mark.parametrize(
    ("card", "answer"),
    [
        (TeacherCard("a"), "unknown"),
        (TeacherCard("a", licence="Apache-2.0"), "allowed"),
        (TeacherCard("a", licence="apache-2.0"), "allowed"),
        (TeacherCard("a", licence="LicenseRef-mine"), "unknown"),
        (TeacherCard("a", licence="MIT", train_on_outputs="restricted"), "restricted"),
        (TeacherCard("a", licence="MIT", train_on_outputs="forbidden"), "forbidden"),
        (TeacherCard("a", licence="LicenseRef-mine", train_on_outputs="allowed"), "allowed"),
        (TeacherCard("a", licence="MIT", endpoint="http://localhost:1"), "unknown"),
        (TeacherCard("a", licence="MIT", endpoint="http://localhost:1", train_on_outputs="allowed"), "allowed"),
    ],
)
def test_what_is_stated_holds_and_a_permissive_licence_speaks_for_a_model_that_runs_here(card: TeacherCard, answer: str) -> None:
    assert may_train(card) == answer


def test_terms_that_forbid_it_bar_a_teacher_unless_the_recipe_says_why_not() -> None:
    assert is_barred(TeacherCard("a", licence="MIT", train_on_outputs="forbidden"))
    assert not is_barred(TeacherCard("a", train_on_outputs="forbidden", accept_terms="we own it"))
    assert not any(is_barred(TeacherCard("a", train_on_outputs=terms)) for terms in ("unknown", "restricted", "allowed"))


def test_what_two_requests_took_is_their_sum_and_unknown_only_where_neither_says() -> None:
    assert Usage(3, 2, cost_microusd=7) + Usage(1, None, 4) == Usage(4, 2, 4, None, 7)
    assert Usage() + Usage() == Usage()
