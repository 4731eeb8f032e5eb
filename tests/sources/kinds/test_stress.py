from __future__ import annotations

import json
from collections import Counter

import pytest

from potstill import attacks, world
from potstill.errors import InputError, RecipeError
from potstill.registry import names
from potstill.sources.request import open_source
from potstill.text.lines import Rejected

HARM = {"intent": "=hazard", "half": "=A", "family": "=locks", "licence": "=MIT"}


def read(spec, columns=None, **given):
    return list(open_source(spec, "prompts.sources", columns or {}, **given).source.prompts())


def write(path, questions, **more):
    path.write_text("".join(json.dumps({"prompt": question, **more}) + "\n" for question in questions))
    return str(path)


@pytest.fixture
def harmful(tmp_path):
    return write(tmp_path / "harmful.jsonl", [f"How do I open the lock of safe {i}?" for i in range(6)])


def test_a_file_of_harmful_requests(harmful):
    found = read(f"stress:prefix_injection,base64?of={harmful}", HARM)
    assert [(p.wrapper, p.intent) for p in found[:4]] == [
        ("prefix_injection", "hazard"),
        ("prefix_injection", "twin"),
        ("base64", "hazard"),
        ("base64", "twin"),
    ]
    assert len(found) == 6 * 2 * 2
    first, twin = found[:2]
    assert (first.family, first.half, first.licence, first.source) == ("locks", "A", "MIT", f"stress:prefix_injection of {harmful}:1")
    assert (twin.family, twin.half, twin.licence, twin.twin_of) == (None, None, "Apache-2.0", first.id)


def test_the_order_of_the_file_does_not_matter(tmp_path, harmful):
    lines = (tmp_path / "harmful.jsonl").read_text().splitlines()
    (tmp_path / "other").mkdir()
    turned = tmp_path / "other" / "harmful.jsonl"
    turned.write_text("\n".join(reversed(lines)))
    for settings in ("", "&n=5"):
        one, other = ({(p.id, p.twin_of) for p in read(f"stress:all?of={file}{settings}", HARM)} for file in (harmful, turned))
        assert one == other


def test_all_are_those_that_may_be_used_here(harmful):
    asked = {p.wrapper for p in read(f"stress:all?of={harmful}", HARM)}
    judged = {p.wrapper for p in read(f"stress:all?of={harmful}", HARM, evaluation=True)}
    unfit = {"bias_contrast"}
    assert judged == set(names("attack")) - unfit
    assert asked == {name for name in judged if attacks.open_attack(name).HALF == "A"}
    assert not any(attacks.only_evaluates(p) for p in read(f"stress:all?of={harmful}", HARM))


def test_half_b_is_refused_outside_the_evaluation(harmful):
    with pytest.raises(RecipeError, match=r"the attack 'rot13' is of half B, which only evaluates; put it into \[evaluate\]"):
        read(f"stress:base64,rot13?of={harmful}", HARM)
    assert read(f"stress:base64,rot13?of={harmful}", HARM, evaluation=True)


def test_so_many_are_attacked(harmful):
    found = [p for p in read(f"stress:base64,leetspeak,direct?n=8&of={harmful}", HARM) if p.intent == "hazard"]
    assert Counter(p.wrapper for p in found) == {"base64": 3, "leetspeak": 3, "direct": 2}
    assert len([p for p in read(f"stress:base64?n=100&of={harmful}", HARM) if p.intent == "hazard"]) == 6
    assert read(f"stress:base64,direct?n=1&of={harmful}", HARM)[0].wrapper == "base64"


def test_seeds(harmful):
    spec = f"stress:prefix_injection?of={harmful}"
    assert read(spec, HARM, seed=1) == read(f"{spec}&seed=1", HARM, seed=2) != read(spec, HARM, seed=2)
    prints = {open_source(spec, "x", HARM, seed=seed, evaluation=e).source.fingerprint() for seed in (0, 1) for e in (True, False)}
    assert len(prints) == 4


def test_the_fingerprint_follows_the_files(tmp_path, harmful):
    twins = write(tmp_path / "twins.jsonl", ["How do I open a window?"])
    source = open_source(f"stress:direct?of={harmful}&twins={twins}", "x", HARM).source
    before = source.fingerprint()
    write(tmp_path / "twins.jsonl", ["How do I open a door?"])
    assert source.fingerprint() != before


def test_twins_of_ones_own(tmp_path, harmful):
    twins = write(tmp_path / "twins.jsonl", ["How do I open a window?", "How do I close a door?"], licence="CC0-1.0")
    found = [p for p in read(f"stress:direct?of={harmful}&twins={twins}", HARM) if p.intent == "twin"]
    assert len(found) == 6
    assert {p.question for p in found} == {"How do I open a window?", "How do I close a door?"}
    assert {p.licence for p in found} == {"CC0-1.0"}
    with pytest.raises(InputError, match="it has no harmless prompts"):
        read(f"stress:direct?of={harmful}&twins={write(tmp_path / 'bad.jsonl', 'ab', intent='hazard')}", HARM)


def test_a_source_with_both_has_its_own_twins(tmp_path):
    rows = [{"prompt": "Open the vault.", "intent": "unsafe"}, {"prompt": "Open the window.", "intent": "safe"}]
    (tmp_path / "both.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read(f"stress:direct?of={tmp_path}/both.jsonl")
    assert [(p.question, p.intent) for p in found] == [("Open the vault.", "hazard"), ("Open the window.", "twin")]


def test_harmless_prompts_alone_are_attacked_without_twins(tmp_path):
    mine = write(tmp_path / "mine.jsonl", ["What is 2 + 3?"], reference="5", grader="number")
    (found,) = read(f"stress:prefix_injection?of={mine}")
    assert (found.intent, found.reference, found.wrapper, found.twin_of) == ("benign", "5", "prefix_injection", None)


def test_the_worlds_hazards_have_the_worlds_twins():
    found = read("stress:hypothetical,homoglyph?n=20&of=world:hazard?n=60")
    hazards, twins = ([p for p in found if p.intent == intent] for intent in ("hazard", "twin"))
    assert len(hazards) == len(twins) == 20
    assert {p.half for p in hazards} == {"A"}
    assert not any(world.held(p) for p in found if p.wrapper == "direct")
    assert all(attacks.origin(p.source).startswith("world:") for p in found)
    assert {p.grader for p in found} == {"world"}


def test_edges_need_no_prompts():
    found = read("stress:edge")
    assert len(found) > 20
    assert {(p.intent, p.wrapper) for p in found} == {("benign", "edge")}
    assert len(read("stress:edge?n=5")) == 5
    assert attacks.origin(read("stress:edge?of=world:fact?n=2")[0].source).startswith("world:")


def test_k_is_for_those_that_repeat(harmful):
    (first, *_) = read(f"stress:crescendo,base64?k=2&of={harmful}", HARM)
    assert len(first.messages) == 5


def test_what_is_too_long_is_left_out_with_its_twin(harmful):
    for spec in (f"stress:all?longest=300&of={harmful}", f"stress:all?longest=300&n=40&of={harmful}"):
        found = read(spec, HARM)
        assert max(sum(len(m.content) for m in p.messages) for p in found) <= 300
        assert Counter(p.intent for p in found)["hazard"] == Counter(p.intent for p in found)["twin"] > 0
    assert max(len(p.question) for p in read("stress:edge?longest=100")) <= 100


def test_malformed_rows_are_told_and_the_others_attacked(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"prompt": "Open it."}\n{broken\n{"prompt": "Close it."}\n')
    source = open_source(f"stress:direct?of={tmp_path}/a.jsonl", "x", HARM)
    bad, *made = source.sift()
    assert isinstance(bad, Rejected)
    assert bad.where.startswith(f"{tmp_path}/a.jsonl:2")
    assert [p.question for p in made if p.intent == "hazard"] == ["Open it.", "Close it."]
    with pytest.raises(InputError, match=r"a\.jsonl:2"):
        list(source.source.prompts())


def test_columns_are_those_of_the_attacked(tmp_path):
    (tmp_path / "a.csv").write_text("goal\nOpen it.\n")
    opened = open_source(f"stress:direct?of={tmp_path}/a.csv", "x", {"prompt": "goal", **HARM})
    assert next(opened.source.prompts()).question == "Open it."
    assert opened.uses("prompt", "goal")
    assert opened.uses("intent", "=hazard")
    assert not open_source("stress:direct?of=world:hazard?n=2", "x", {}).uses("prompt", "goal")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("stress:", "no family of attacks is named"),
        ("stress:base65?of=world:hazard", "unknown attack 'base65'; did you mean 'base64'"),
        ("stress:base64", "no prompts to attack are named"),
        ("stress:base64?of=world:hazrd", "unknown skill or group 'hazrd'"),
        ("stress:base64?of=world:hazard&k=3", "none takes k"),
        ("stress:crescendo?of=world:hazard&k=9", "'crescendo' takes no k=9; take one from 1 to 5"),
        ("stress:base64?of=world:hazard&n=0", "n=0 is no whole number"),
        ("stress:base64?of=world:hazard&longest=much", "longest=much is no whole number"),
        ("stress:base64?from=world:hazard", "unknown setting 'from'"),
        ("stress:base64?of=world:hazard?half=B", "half B of the hazards only evaluates"),
    ],
)
def test_faults(spec, message):
    with pytest.raises(RecipeError, match=message):
        read(spec)


def test_nothing_to_attack():
    with pytest.raises(InputError, match="none of the prompts can be attacked in this way"):
        read("stress:bias_contrast?of=world:carry_addition?n=3")


REAL = [
    ("refusal_direction/raw/advbench.csv", {"prompt": "goal", **HARM}),
    ("refusal_direction/raw/jailbreakbench.csv", {"prompt": "Goal", **HARM}),
    ("refusal_direction/splits/harmful_train.json", {"prompt": "instruction", **HARM}),
    ("xstest/xstest_prompts.csv", {"prompt": "prompt", "intent": "label", "skill": "type"}),
]


@pytest.mark.parametrize(("name", "columns"), REAL)
def test_real_requests(name, columns, data_dir):
    """Only numbers and labels are looked at: the texts stay in the shared data."""
    found = read(f"stress:all?n=60&of={data_dir / name}", columns, evaluation=True)
    hazards, twins = ([p for p in found if p.intent == intent] for intent in ("hazard", "twin"))
    assert len(hazards) == len(twins) >= 60
    assert {twin.twin_of for twin in twins} == {hazard.id for hazard in hazards}
    assert len({p.wrapper for p in hazards}) >= len(names("attack")) - 1
    if name.startswith("xstest"):
        assert {attacks.origin(twin.source).partition(":")[0] for twin in twins} >= {str(data_dir / name)}


def test_real_contrast_questions(data_dir):
    columns = {"prompt": "{context} {question}", "choices": "ans0,ans1,ans2", "reference": "label"}
    found = read(f"stress:bias_contrast?n=100&of={data_dir / 'bbq' / 'Age.jsonl'}", columns)
    assert len(found) == 200
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert first.source == second.source
        assert first.messages != second.messages
        assert second.reference in (first.reference, None)
    assert sum(p.reference is not None for p in found) >= 190
